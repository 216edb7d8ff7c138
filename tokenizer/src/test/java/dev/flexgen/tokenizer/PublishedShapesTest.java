package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Tokenizers in the form of every published family load, and give what the library makes of the file itself. */
class PublishedShapesTest {

    static final List<PublishedShapes.Shape> SHAPES = PublishedShapes.ALL;

    private static final List<String> TEXTS = List.of(
            "",
            "the thing",
            "The 2nd line's end:\r\n\r\n\t  then 12345 (parentheses) == ++ SPL1T-TH1S-Pl3A5Ethe",
            "Grüße, 日本語のテキスト, здравствуй, नमस्ते, 🙂👍🏽 ﬁ ½",
            " leading and trailing  ",
            "a<tool>b <tool>",
            "camelCaseWORDS don't I'LL",
            "a\u0000b");

    @TempDir
    Path folder;

    @ParameterizedTest
    @FieldSource("SHAPES")
    void itsIdsAreThoseOfTheLibrary(PublishedShapes.Shape shape) {
        String json = PublishedShapes.json(shape);
        TestFolders.write(folder, "tokenizer.json", json);
        try (Tokenizer tokenizer = TestFolders.open(folder);
                DjlTokenizer reference =
                        DjlTokenizer.of(json, "the test", new NativeLibrary(TestFolders.NATIVE_CACHE))) {
            for (String text : TEXTS) {
                int[] ids = tokenizer.encodeWithSpecialTokens(text);
                assertThat(ids).as(text).containsExactly(reference.encode(text));
                assertThat(tokenizer.encodeContinuation(text)).as(text).containsExactly(ids);
                assertThat(tokenizer.decode(ids)).as(text).isEqualTo(reference.decode(longs(ids)));
            }
            assertThat(tokenizer.encode("x").length - tokenizer.encodeContinuation("x").length)
                    .isEqualTo(json.contains("TemplateProcessing") ? 1 : 0);
            assertThat(tokenizer.encodeWithSpecialTokens("<s>the</s>"))
                    .startsWith(0)
                    .endsWith(1);
        }
    }

    private static long[] longs(int[] ids) {
        return java.util.Arrays.stream(ids).asLongStream().toArray();
    }
}
