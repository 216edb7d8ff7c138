package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids and texts of small tokenizers, as Hugging Face's own library produced them. */
class GoldenTokenizerTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "bloom", "cl100k_nfc"})
    void everyCaseOfTheReferenceAgrees(String kind) {
        assertCases(
                TestFolders.golden(kind),
                TestFolders.json(TestFolders.golden(kind).resolve("expected.json")));
    }

    @Test
    void vocabularyAndMergesAloneGiveTheSame() {
        Path gpt2 = TestFolders.golden("gpt2");
        TestFolders.copy(gpt2, folder, "vocab.json", "merges.txt");
        TestFolders.write(folder, "special_tokens_map.json", """
                {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "unk_token": "<unk>", "pad_token": "<pad>"}""");
        assertCases(folder, TestFolders.json(gpt2.resolve("expected.json")));
    }

    @Test
    void anOptModelBeginsEveryTextAndReadsWhatItSaid() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "tokenizer.json", "vocab.json", "merges.txt");
        TestFolders.copy(TestFolders.golden("opt-f32"), folder, "config.json");
        JsonObject text = TestFolders.json(TestFolders.golden("opt-f32").resolve("text.json"));
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            for (JsonElement element : text.getAsJsonArray("cases")) {
                JsonObject single = element.getAsJsonObject();
                int[] greedy = TestFolders.ids(single, "greedy_tokens");
                String greedyText = single.get("greedy_text").getAsString();
                assertThat(tokenizer.encode(single.get("text").getAsString()))
                        .containsExactly(TestFolders.ids(single, "ids"));
                assertThat(tokenizer.decode(greedy)).isEqualTo(greedyText);
                assertThat(StreamDecoderTest.streamed(tokenizer, greedy)).isEqualTo(greedyText);
            }
        }
    }

    private static void assertCases(Path folder, JsonObject expected) {
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.size()).isEqualTo(expected.get("vocab_size").getAsInt());
            for (JsonElement element : expected.getAsJsonArray("cases")) {
                assertCase(tokenizer, element.getAsJsonObject());
            }
        }
    }

    private static void assertCase(Tokenizer tokenizer, JsonObject single) {
        String text = single.get("text").getAsString();
        String decoded = single.get("decoded").getAsString();
        int[] ids = TestFolders.ids(single, "ids");
        assertThat(tokenizer.encodeWithSpecialTokens(text)).as(text).containsExactly(ids);
        int[] plain = tokenizer.encodeContinuation(text);
        assertThat(tokenizer.encode(text)).as("nothing is prepended").containsExactly(plain);
        assertThat(Arrays.stream(plain).filter(tokenizer::isSpecial)).as(text).isEmpty();
        assertThat(tokenizer.decode(plain)).isEqualTo(decoded);
        if (Arrays.stream(ids).noneMatch(tokenizer::isSpecial)) {
            assertThat(plain).as(text).containsExactly(ids);
            assertThat(tokenizer.decode(ids)).isEqualTo(decoded);
        }
    }
}
