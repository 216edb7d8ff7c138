package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate} and {@code score} with prompts from files and pipes. */
class PromptsFromFilesTest {

    private static final String TWO = "Hello world\n\nThe quick\n";

    @TempDir
    Path home;

    private Path model;

    @BeforeEach
    void findModel() {
        var found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        model = found.orElseThrow();
    }

    @Test
    void everyPlainLineIsAPromptAndRepliesAreToldApart() {
        String first = run("generate", "--prompt", "Hello world").out();
        String second = run("generate", "--prompt", "The quick").out();
        write("prompts.txt", "\uFEFF" + TWO.replaceAll("\\n", "\r$0"));

        var outcome = run("generate", "--input", "prompts.txt");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .isEqualTo("==> prompt 1 <==\n" + first + "\n==> prompt 2 <==\n" + second)
                .isEqualTo(session()
                        .typing(TWO)
                        .run(words("generate", "--input", "-"))
                        .out());
    }

    @Test
    void jsonRepliesStandOneALineWithoutHeaders() {
        write("prompts.txt", TWO);

        assertThat(run("generate", "--input", "prompts.txt", "--json").out())
                .doesNotContain("==>")
                .startsWith("{\"index\":0,")
                .contains("\n{\"index\":1,")
                .hasLineCount(2);
        assertThat(run("score", "--input", "prompts.txt", "--json").out()).hasLineCount(2);
    }

    @Test
    void aWholeFileIsOnePrompt() {
        write("prompt.txt", "\uFEFFHello\r\nworld");

        assertThat(run("generate", "--prompt-file", "prompt.txt").out())
                .isEqualTo(run("generate", "--prompt", "Hello\nworld").out())
                .isEqualTo(session()
                        .typing("Hello\r\nworld")
                        .run(words("generate", "--prompt-file", "-"))
                        .out());
    }

    @Test
    void whatIsNoTextIsNamedBeforeAModelIsOpened() throws IOException {
        Files.write(home.resolve("latin.txt"), "fine\nGrüße\n".getBytes(StandardCharsets.ISO_8859_1));
        Files.createDirectory(home.resolve("folder"));
        model = home.resolve("nowhere");

        for (String option : List.of("--input", "--prompt-file")) {
            expect(run("generate", option, "latin.txt"), "line 2 of latin.txt is not UTF-8 text");
            expect(run("generate", option, "folder"), "folder cannot be read: Is a directory");
            expect(run("generate", option, "missing.txt"), "there is no file missing.txt");
        }
        expect(run("generate", "--input", "latin.txt", "--prompt-file", "latin.txt"), "exactly one of");
    }

    @Test
    void whatCannotBeMeantIsRefusedBeforeAModelIsOpened() {
        write("prompts.txt", TWO);
        var folder = run(
                "generate",
                "--input",
                "prompts.txt",
                "--output",
                home.resolve("none/x").toString());
        assertThat(folder.exitCode()).isEqualTo(ExitCode.USAGE);
        expect(folder, "is in a folder that is not there; make " + home.resolve("none"));
        expect(run("generate", "--input", ""), "--input has an empty name");
        expect(run("generate", "--prompt-file", ""), "--prompt-file has an empty name");
        expect(run("generate"), "exactly one of --prompt, --prompt-file, --ids and --input");
        expect(run("score"), "exactly one of --text, --ids and --input");
        expect(run("generate", "--prompt", "hello again", "--context", "1"), "--context");
    }

    @Test
    void aFileWithoutAPromptIsNamed() {
        write("empty.txt", "");
        write("blank.txt", "\uFEFF\n  \r\n");
        model = home.resolve("nowhere");

        for (String command : List.of("generate", "score")) {
            for (String file : List.of("empty.txt", "blank.txt")) {
                var outcome = run(command, "--input", file);
                assertThat(outcome.err())
                        .startsWith("flexgen-chat: " + file + " holds no prompt, so there is no result;")
                        .hasLineCount(1);
                assertThat(outcome.out()).isEmpty();
                assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
            }
        }
    }

    @Test
    void aTextThatIsTooLongForTheTokenizerIsNamedByItsLine() {
        write("prompts.txt", "x".repeat(1_048_577) + "\n");

        assertThat(run("score", "--input", "prompts.txt").err())
                .startsWith("flexgen-chat: line 1 of prompts.txt: The text has 1048577 characters")
                .endsWith("flexgen-chat: 1 of 1 prompts failed\n");
    }

    private static void expect(Outcome outcome, String part) {
        assertThat(outcome.err()).startsWith("flexgen-chat: ").contains(part).hasLineCount(1);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
    }

    private void write(String name, String text) {
        try {
            Files.writeString(home.resolve(name), text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Outcome run(String... arguments) {
        return session().run(words(arguments));
    }

    private Session session() {
        return new Session(home);
    }

    private String[] words(String... arguments) {
        List<String> words = new ArrayList<>(List.of(arguments));
        words.addAll(1, List.of("-m", model.toString()));
        if (arguments[0].equals("generate")) {
            words.addAll(List.of("--max-new-tokens", "5"));
        }
        return words.toArray(String[]::new);
    }
}
