package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import org.junit.jupiter.api.Test;

class JsonLineTest {

    @Test
    void escapesWhatATerminalWouldObeyOrHide() {
        String text = "\u001b\u007f\u0085\u009b\u202e\u2066\u200b\u2028\ufeff\ud800é日🙂\udb40\udc41";

        String line = JsonLine.of(json -> json.put("text", text));

        assertThat(line)
                .isEqualTo("{\"text\":\"\\u001b\\u007f\\u0085\\u009b\\u202e\\u2066\\u200b\\u2028\\ufeff\\ud800é日🙂"
                        + "\\udb40\\udc41\"}");
        assertThat(JsonParser.parseString(line).getAsJsonObject().get("text").getAsString())
                .isEqualTo(text);
    }

    @Test
    void writesEveryKindOfValueOnOneLine() {
        String line = JsonLine.of(json -> json.put("text", "a\n\"b\"")
                .put("nothing", (String) null)
                .put("count", 3)
                .put("share", 0.5)
                .put("undefined", Double.NaN)
                .put("ids", new int[] {1, 2})
                .put("logprobs", new double[] {Double.NaN, -1.25, Double.NEGATIVE_INFINITY})
                .put("inner", inner -> inner.put("x", 1)));

        assertThat(line)
                .isEqualTo("{\"text\":\"a\\n\\\"b\\\"\",\"nothing\":null,\"count\":3,\"share\":0.5,"
                        + "\"undefined\":null,\"ids\":[1,2],\"logprobs\":[null,-1.25,null],\"inner\":{\"x\":1}}");
    }
}
