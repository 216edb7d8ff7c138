package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program among other programs: questions on the command line, settings, completion. */
class ShellCitizenTest {

    @TempDir
    private Path home;

    private Session session() {
        return new Session(home);
    }

    private Path configFile() {
        return home.resolve(".config/flexgen-chat/config.json");
    }

    @Test
    void aQuestionIsAnsweredOnStandardOutputAlone() {
        var outcome = session().run("My name is Ana. Say hello to me.", "-m", "demo", "--quiet");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).contains("Ana").endsWith("\n");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
    }

    @Test
    void whatComesThroughAPipeIsPartOfTheQuestion() {
        var outcome =
                session().typing("Hi! My name is Ana and I live in Quito.\n").run("hello", "-m", "demo");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).contains("Ana");
    }

    @Test
    void aWordAboutNothingIsNoQuestion() {
        var outcome = session().run("-m", "demo", "explain");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err())
                .startsWith("flexgen-chat: 'explain' is no command and no question")
                .hasLineCount(1);
        assertThat(session().run("xyzzy").err()).startsWith("flexgen-chat: unknown command 'xyzzy'");
    }

    @Test
    void aQuestionThatDoesNotFitIsRefusedInOneSentence() {
        var outcome = session().typing("many words ".repeat(3000)).run("Sum this up:", "-m", "demo", "--quiet");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err()).contains("has room for only").hasLineCount(1);
    }

    @Test
    void settingsAreWrittenShownWithTheirOriginAndTakenOut() throws IOException {
        assertThat(session().run("config", "set", "temperature", ".5").exitCode())
                .isEqualTo(ExitCode.OK);
        assertThat(session().run("config", "set", "gpu-memory", "12GiB").exitCode())
                .isEqualTo(ExitCode.OK);
        assertThat(session().run("config", "set", "quiet", "yes").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(configFile())
                .hasContent("{\n  \"temperature\": 0.5,\n  \"gpu-memory\": \"12GiB\",\n  \"quiet\": true\n}\n");

        var shown = session().with("FLEXGEN_THREADS", "1").run("config");
        assertThat(shown.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(shown.out().lines())
                .contains("temperature         0.5                 " + configFile() + " (line 2)")
                .contains("threads             1                   the environment variable FLEXGEN_THREADS")
                .contains("top-p               0.9                 default")
                .contains("gpu-memory          12GiB               " + configFile() + " (line 3)");
        assertThat(session().run("config", "show", "seed", "--json").out())
                .isEqualTo("{\"setting\":\"seed\",\"value\":\"random\",\"origin\":\"default\"}\n");

        assertThat(session().run("config", "unset", "gpu-memory").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(configFile()).hasContent("{\n  \"temperature\": 0.5,\n  \"quiet\": true\n}\n");
    }

    @Test
    void wrongSettingsAreRefusedAndTheFileStaysAsItWas() throws IOException {
        session().run("config", "set", "temperature", "0.5");
        String before = Files.readString(configFile());

        for (List<String> wrong : List.of(
                List.of("config", "set", "temperature", "hot"),
                List.of("config", "set", "temprature", "0.5"),
                List.of("config", "set", "seed", ""),
                List.of("config", "unset", "tempratur"),
                List.of("config", "show", "temprature"))) {
            var outcome = session().run(wrong.toArray(String[]::new));
            assertThat(outcome.exitCode()).as(wrong.toString()).isEqualTo(ExitCode.USAGE);
            assertThat(outcome.err()).hasLineCount(1);
        }
        assertThat(configFile()).hasContent(before);
    }

    @Test
    void aWrongSettingsFileIsMendedBySetAndUnset() throws IOException {
        Files.createDirectories(configFile().getParent());
        Files.writeString(configFile(), "{\"temperature\": \"hot\", \"colour\": true, \"top-k\": 5}");
        assertThat(session().run("config").exitCode()).isEqualTo(ExitCode.USAGE);

        assertThat(session().run("config", "unset", "colour").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(session().run("config", "set", "temperature", "1").exitCode())
                .isEqualTo(ExitCode.OK);
        assertThat(configFile()).hasContent("{\n  \"temperature\": 1,\n  \"top-k\": 5\n}\n");

        Files.writeString(configFile(), "{\"top-k\": 5");
        var broken = session().run("config", "set", "top-k", "6");
        assertThat(broken.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(broken.err()).contains("is not valid JSON near line 1");
        assertThat(configFile()).hasContent("{\"top-k\": 5");
    }

    @Test
    void aSettingThatIsOverriddenIsSaidToBe() {
        var outcome = session().with("FLEXGEN_TOP_K", "3").run("config", "set", "top-k", "5");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.err()).endsWith("here the environment variable FLEXGEN_TOP_K overrides it\n");
    }

    @Test
    void bashCompletesCommandsOptionsModelsAndValues() throws Exception {
        Path script = Files.writeString(
                home.resolve("completion.bash"),
                session().run("completion", "bash").out());

        assertThat(completed(script, "flexgen-chat", "mod")).containsExactly("models");
        assertThat(completed(script, "flexgen-chat", "models", "pu")).containsExactly("pull");
        assertThat(completed(script, "flexgen-chat", "--temp")).containsExactly("--temperature");
        assertThat(completed(script, "flexgen-chat", "chat", "-m", "opt-12")).containsExactly("opt-125m");
        assertThat(completed(script, "flexgen-chat", "generate", "--device", "c"))
                .containsExactly("cpu", "cuda");
    }

    private List<String> completed(Path script, String... words) throws Exception {
        String command = "source '" + script + "'; COMP_WORDS=('" + String.join("' '", words) + "'); COMP_CWORD="
                + (words.length - 1) + "; _complete_flexgen-chat; printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder("bash", "-c", command)
                .redirectError(ProcessBuilder.Redirect.DISCARD) // compopt wants a shell that is completing
                .start();
        String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).as(out).isZero();
        return out.lines().map(String::strip).toList();
    }

    @Test
    void completionNeedsNoSettingsAndKnowsItsShells() throws IOException {
        Files.createDirectories(configFile().getParent());
        Files.writeString(configFile(), "{");

        var fish = session().run("completion", "fish");
        assertThat(fish.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(fish.out())
                .contains("complete -c flexgen-chat -n '__fish_seen_subcommand_from generate' -l device -r -f"
                        + " -a 'auto cpu cuda' -d ")
                .contains("and not __fish_seen_subcommand_from list show pull rm' -f -a 'pull' -d ")
                .contains("-l prompt-file -r -F -d ");
        assertThat(session().run("completion", "zsh").out()).contains("bashcompinit");
        var unknown = session().run("completion", "tcsh");
        assertThat(unknown.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(unknown.err())
                .isEqualTo("flexgen-chat: there is no completion for 'tcsh'; name one of bash, zsh, fish\n");
    }

    @Test
    void theVersionHasACommitAndAJavaVersion() {
        assertThat(session().run("--version").out())
                .matches("flexgen-chat \\S+ \\((commit [0-9a-f]{7,}(-dirty)?, )?Java 25\\S*\\)\n");
    }
}
