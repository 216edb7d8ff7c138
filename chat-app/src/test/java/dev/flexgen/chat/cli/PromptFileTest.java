package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.CommandException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptFileTest {

    @Test
    void readsTextAndIdsLineByLine() {
        var file = file("\uFEFF{\"prompt\": \"héllo\"}\n\n  \n{\"id\": 7, \"ids\": [2, 5, 9]}\r\n{\"text\": \"\"}");
        assertThat(file.next()).contains(new Prompt.Text("héllo"));
        assertThat(file.next()).contains(new Prompt.Ids(List.of(2, 5, 9)));
        assertThat(file.position()).isEqualTo("line 4 of prompts.jsonl");
        assertThat(file.next()).contains(new Prompt.Text(""));
        assertThat(file.next()).isEmpty();
    }

    @Test
    void readsPlainLinesWhereTheFirstIsNoObject() {
        var file = file("\uFEFFOnce upon a time \r\n\n{\"prompt\": \"text like any other\"}\n  indented");
        assertThat(file.next()).contains(new Prompt.Text("Once upon a time "));
        assertThat(file.next()).contains(new Prompt.Text("{\"prompt\": \"text like any other\"}"));
        assertThat(file.position()).isEqualTo("line 3 of prompts.jsonl");
        assertThat(file.next()).contains(new Prompt.Text("  indented"));
        assertThat(file.next()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello",
                "\"hello\"",
                "[]",
                "{\"prompt\": 5}",
                "{\"prompt\": null}",
                "{\"ids\": \"2,5\"}",
                "{\"ids\": [\"2\"]}",
                "{\"ids\": [2.5]}",
                "{\"ids\": [3000000000]}",
                "{\"prompt\": \"a\",}",
                "{\"prompt\": \"a\"} {}",
                "{'prompt': 'a'}",
                "{\"promt\": \"a\"}",
                "{\"prompt\": \"a\", \"ids\": [2]}",
                "{\"prompt\": \"a\"",
                "{\"prompt\": \"\\ud800\"}",
                "{\"prompt\": \"\\udc00\\ud800\"}",
            })
    void namesTheLineThatIsWrong(String line) {
        var file = file("{\"prompt\": \"fine\"}\n" + line + "\n");
        assertThat(file.next()).isPresent();

        assertThatThrownBy(file::next)
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("line 2 of prompts.jsonl ");
    }

    @Test
    void namesTheLineThatIsNoUtf8() {
        byte[] latin = "{\"prompt\": \"héllo\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        var file = new PromptFile("prompts.jsonl", new ByteArrayInputStream(latin));
        assertThatThrownBy(file::next).hasMessage("line 1 of prompts.jsonl is not UTF-8 text");
    }

    @Test
    void namesTheEncodingThatWindowsCallsUnicode() {
        var file = new PromptFile(
                "prompts.txt", new ByteArrayInputStream("\uFEFFhi\n".getBytes(StandardCharsets.UTF_16LE)));
        assertThatThrownBy(file::next).hasMessage("line 1 of prompts.txt is UTF-16 text; save it as UTF-8");
    }

    private static PromptFile file(String content) {
        return new PromptFile("prompts.jsonl", new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
    }
}
