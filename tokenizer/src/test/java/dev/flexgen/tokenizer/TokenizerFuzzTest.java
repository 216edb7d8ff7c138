package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged tokenizer files against the real native library, in this process: whatever gets through the check must load
 * and work, or fail with our exception. One that ended the process would end the test run.
 */
class TokenizerFuzzTest {

    private static final int CASES = Boolean.getBoolean("flexgen.full") ? 20_000 : 1_000;

    private static final List<String> TEXTS = List.of(
            "The thing in 2024, isn't it?\r\n  <tool> the </s><s>",
            "a".repeat(3000) + "!",
            " \t\n".repeat(300) + "x",
            "Ab".repeat(400) + "é日🙂\u0000\uFFFF",
            "");

    @TempDir
    Path folder;

    @Test
    void everyDamagedFileLoadsOrIsRefusedInASentence() throws IOException {
        int loaded = 0;
        for (int seed = 0; seed < CASES; seed++) {
            Files.write(folder.resolve("tokenizer.json"), new TokenizerMutations(seed).next());
            loaded += used(folder, seed) ? 1 : 0;
        }
        // The mutations are worth something only while many of them get past the check.
        assertThat(loaded).isBetween(CASES / 20, CASES * 9 / 10);
    }

    private static boolean used(Path folder, int seed) {
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            for (String text : TEXTS) {
                exercise(tokenizer, text, seed);
            }
            return true;
        } catch (TokenizerException e) {
            assertThat(e.getMessage())
                    .as("case %d", seed)
                    .endsWith(".")
                    .doesNotContain("\n")
                    .hasSizeLessThan(3000);
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("case " + seed, e);
        }
    }

    private static void exercise(Tokenizer tokenizer, String text, int seed) {
        try {
            tokenizer.decode(tokenizer.encode(text));
            StreamDecoderTest.streamed(tokenizer, tokenizer.encodeWithSpecialTokens(text));
        } catch (TokenizerException e) {
            assertThat(e.kind()).as("case %d", seed).isEqualTo(TokenizerException.Kind.TEXT);
        }
        tokenizer.decode(new Random(seed).ints(40, -2, tokenizer.size() + 5).toArray());
    }
}
