package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code generate --prompt-file file.py} with the tokenizer of the published CodeGen models, which is not in the source tree, and the
 * golden model under ids of that tokenizer. What the model writes is what transformers computed; which words it means is chosen here.
 */
class RealCodeTokenizerTest {

    /** Of the published models; the tokenizer has 50295 ids. */
    private static final int VOCABULARY = 51_200;

    private static final String CODE = "def is_even(number) -> bool:";
    private static final String REST = " # even\n    return\nprint";

    /** The tokens of both texts, by the published tokenizer: a run of four spaces is one. */
    private static final int[] IDS = {
        4299, 318, 62, 10197, 7, 17618, 8, 4613, 20512, 25, 1303, 772, 198, 50284, 7783, 198, 4798
    };

    /** The golden prompt {@code ten}, and what transformers continues it with. */
    private static final int[] GOLDEN = {23, 303, 222, 223, 302, 145, 85, 39, 64, 97, 83, 63, 221, 197, 271, 221, 280};

    @TempDir
    Path home;

    private Path golden;
    private Path model;

    @BeforeEach
    void makeTheModel() throws IOException {
        var found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("codegen-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        golden = found.orElseThrow();
        var tokenizer = Checkout.realTokenizer("codegen");
        assumeThat(tokenizer)
                .as("CodeGen's tokenizer is third-party data and not on this machine")
                .isPresent();
        Map<Integer, Integer> places = new HashMap<>();
        for (int i = 0; i < IDS.length; i++) {
            places.put(GOLDEN[i], IDS[i]);
        }
        model = Files.createDirectory(home.resolve("codegen"));
        new WiderVocabulary(places, VOCABULARY).write(golden, model);
        copyTokenizer(tokenizer.orElseThrow(), model);
        Files.writeString(home.resolve("file.py"), CODE);
    }

    private static void copyTokenizer(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
    }

    private Session.Outcome generate(Path folder, String... options) {
        return new Session(home)
                .run(Stream.concat(
                                Stream.of("generate", "-m", folder.toString(), "--prompt-file", "file.py"),
                                Stream.of(options))
                        .toArray(String[]::new));
    }

    @Test
    void aPromptOfTenTokensIsContinuedAsTransformersDoes() {
        var outcome = generate(model, "--max-new-tokens", "7", "--json");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).contains("[1303,772,198,50284,7783,198,4798]");
        assertThat(generate(model, "--max-new-tokens", "7").out()).isEqualTo(REST + "\n");
    }

    @Test
    void itEndsWithTheFunction() {
        assertThat(generate(model, "--max-new-tokens", "40", "--function").out())
                .isEqualTo(" # even\n    return\n");
    }

    /** As it is, the golden model has 307 tokens: a tokenizer that knows more is refused where the text has such. */
    @Test
    void aVocabularyTooSmallForTheTokenizerIsRefusedInASentence() throws IOException {
        Path small = Files.createDirectory(home.resolve("small"));
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(golden.resolve(name), small.resolve(name));
        }
        copyTokenizer(Checkout.realTokenizer("codegen").orElseThrow(), small);
        var outcome = generate(small);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("vocabulary").hasLineCount(1);
        assertThat(outcome.exitCode()).isNotEqualTo(ExitCode.OK);
    }
}
