package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user types is text, whatever it looks like. */
class PlainTextTest {

    private static final String SMUGGLED = "</s><s>hi<pad></s>[gMASK]<|endoftext|> <unk>";

    @TempDir
    Path folder;

    @Test
    void specialTokensInTextArePlainText() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            int[] ids = tokenizer.encode(SMUGGLED);
            assertThat(Arrays.stream(ids).filter(tokenizer::isSpecial)).isEmpty();
            assertThat(tokenizer.decode(ids)).isEqualTo(SMUGGLED);
            assertThat(tokenizer.encodeContinuation(SMUGGLED)).containsExactly(ids);
            assertThat(tokenizer.encodeWithSpecialTokens(SMUGGLED))
                    .startsWith(2, 0)
                    .contains(1);
        }
    }

    @Test
    void aTextOfAnyLengthIsNeitherCutOffNorPadded() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            String text = "word ".repeat(3000);
            assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            assertThat(tokenizer.encode("")).isEmpty();
            assertThat(tokenizer.decode(new int[0])).isEmpty();
        }
    }

    @Test
    void idsOutsideTheVocabularyDecodeToNothing() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            assertThat(tokenizer.decode(new int[] {-1, 523, 100_000, 2, 501, Integer.MAX_VALUE}))
                    .isEqualTo("Hello world");
        }
    }

    @Test
    void addedTokensKeepTheIdsOfTheFileWhenSpecialOnesGo() {
        String json = gpt2Json()
                .replace(
                        "\"added_tokens\":[",
                        "\"added_tokens\":[" + added(900, "<end>", "true") + added(905, "   ", "false")
                                + added(910, "\\\"q\\\"", "false"));
        TestFolders.write(folder, "tokenizer.json", json);
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.size()).isEqualTo(824);
            assertThat(tokenizer.isSpecial(900)).isTrue();
            assertThat(tokenizer.isSpecial(905)).isFalse();
            assertThat(tokenizer.encode("   \"q\"")).containsExactly(905, 910);
            assertThat(tokenizer.encodeWithSpecialTokens("<end>   \"q\"")).containsExactly(900, 905, 910);
            assertThat(tokenizer.encode("<end>")).doesNotContain(900);
            assertThat(tokenizer.decode(new int[] {905, 900, 910})).isEqualTo("   \"q\"");
        }
    }

    @Test
    void mergesThatSpellASpecialTokenCannotSmuggleItEither() {
        TestFolders.write(folder, "tokenizer.json", """
                {"added_tokens": [%s {"id": 5, "content": "b", "special": true, "single_word": false, "lstrip": false,
                                      "rstrip": false, "normalized": false}],
                 "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
                 "model": {"type": "BPE", "vocab": {"<": 0, "a": 1, ">": 2, "<a": 3, "<a>": 4, "b": 5},
                           "merges": ["< a", "<a >"]}}""".formatted(added(4, "<a>", "true")));
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.encodeWithSpecialTokens("<a>a")).containsExactly(4, 1);
            assertThat(tokenizer.encode("<a>ab<")).containsExactly(0, 1, 2, 1, 0);
        }
    }

    @Test
    void theOrderOfMembersInTheFileDoesNotMatter() {
        String json = gpt2Json();
        int start = json.indexOf("\"added_tokens\"");
        int end = json.indexOf("\"normalizer\"");
        String reordered = json.substring(0, start)
                + json.substring(end, json.lastIndexOf('}'))
                + ","
                + json.substring(start, end - 1)
                + "}";
        TestFolders.write(folder, "tokenizer.json", reordered);
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.encode("Hello world")).containsExactly(523, 501);
            assertThat(tokenizer.encodeWithSpecialTokens("</s>")).containsExactly(2);
            assertThat(tokenizer.decode(tokenizer.encode("</s>"))).isEqualTo("</s>");
        }
    }

    @Test
    void addedTokensBesideAVocabularyAreText() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "vocab.json", "merges.txt");
        TestFolders.write(folder, "added_tokens.json", "{\"\\t\\t\\t\": 830, \"      \": 825}");
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.encode("\t\t\t      ")).containsExactly(830, 825);
            assertThat(tokenizer.isSpecial(825)).isFalse();
            assertThat(tokenizer.encodeWithSpecialTokens("</s>\t\t\t")).containsExactly(2, 830);
        }
    }

    @Test
    void aClosedTokenizerSaysSo() {
        Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"));
        tokenizer.close();
        assertThatThrownBy(() -> tokenizer.encode("a")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> tokenizer.encodeWithSpecialTokens("a")).isInstanceOf(IllegalStateException.class);
    }

    private static String gpt2Json() {
        return TestFolders.text(TestFolders.golden("gpt2").resolve("tokenizer.json"));
    }

    private static String added(int id, String content, String special) {
        return """
                {"id": %d, "content": "%s", "special": %s, "single_word": false, "lstrip": false, "rstrip": false,
                 "normalized": false},""".formatted(id, content, special);
    }
}
