package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.GoldenHub;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first start in a home directory where nothing is set up, in a real terminal. */
@Tag("e2e")
class FirstRunIT {

    private static final int CAP_SYS_ADMIN = 21;

    @TempDir
    Path home;

    private Map<String, String> environment(Release release) {
        var environment = release.environment();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("FC", release.launcher().toString());
        return environment;
    }

    @Test
    void notNowIsAskedOnceOnly() throws Exception {
        var release = Release.packaged(home);
        try (var terminal = new Tmux(home, environment(release))) {
            terminal.type("\"$FC\"; echo code=$?");
            terminal.press("Enter");
            terminal.awaitText("> Choose a model");
            terminal.resize(60, 20);
            terminal.awaitText("Esc demo this time");
            terminal.press("Down");
            terminal.awaitText("> Not now");
            terminal.press("Enter");
            terminal.awaitText("demo, context");
            assertThat(terminal.alternateScreen()).isFalse();
            terminal.type("What is 2 + 2?");
            terminal.press("Enter");
            terminal.awaitText("tok/s"); // before it, the last prompt may still be all that is to be seen
            awaitPrompt(terminal);
            terminal.type("/bye");
            terminal.press("Enter");
            terminal.awaitText("code=0");

            terminal.type("clear; \"$FC\"; echo again=$?");
            terminal.press("Enter");
            awaitPrompt(terminal);
            terminal.type("/bye");
            terminal.press("Enter");
            terminal.awaitText("again=0");
        }
        assertThat(home.resolve(".config/flexgen-chat/config.json")).hasContent("{\n  \"model\": \"demo\"\n}\n");
    }

    /** Whether the system lets a program type for another: one before Linux 6.2 always does, a later one who administers it. */
    private static boolean typesAgain() throws IOException {
        Path switched = Path.of("/proc/sys/dev/tty/legacy_tiocsti");
        return Files.notExists(switched)
                || Files.readString(switched).strip().equals("1")
                || Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("CapEff:"))
                        .map(line -> new BigInteger(line.substring(7).strip(), 16))
                        .anyMatch(capabilities -> capabilities.testBit(CAP_SYS_ADMIN));
    }

    @Test
    void whatIsTypedRightBehindEscIsNotLost() throws Exception {
        var release = Release.packaged(home);
        try (var terminal = new Tmux(home, environment(release))) {
            terminal.type("\"$FC\" setup; echo code=$?");
            terminal.press("Enter");
            terminal.awaitText("> Choose a model");
            terminal.press("Escape", "e", "c", "h", "o", "Space", "l\"\"eft", "Enter");
            boolean typesAgain = typesAgain();
            terminal.await(
                    typesAgain ? "the shell's answer" : "the sentence that it has to be typed again",
                    screen -> typesAgain
                            ? screen.lines().anyMatch(line -> line.matches("(# |\\$ )?left"))
                            : screen.replace("\n", "").contains("type it again: echo l\"\"eft"));
            terminal.awaitText("code=130");

            terminal.type("clear; \"$FC\"; echo again=$?");
            terminal.press("Enter");
            terminal.awaitText("> Choose a model");
            terminal.press("Escape", "/", "b", "y", "e", "Enter");
            terminal.awaitText("again=0");
        }
        assertThat(home.resolve(".config")).doesNotExist();
    }

    @Test
    void fromNothingToTheFirstReply() throws Exception {
        var release = Release.packaged(home);
        var environment = environment(release);
        try (var hub = new GoldenHub("facebook/opt-125m")) {
            environment.put("HF_ENDPOINT", hub.endpoint());
            try (var terminal = new Tmux(home, environment)) {
                terminal.type("\"$FC\" -m opt-125m; echo declined=$?");
                terminal.press("Enter");
                terminal.awaitText("agree to its licence? [y = yes, d = the demo model this time, N = leave]");
                terminal.press("n", "Enter");
                assertThat(terminal.awaitText("declined=3")).contains("flexgen-chat models pull");

                terminal.type("clear; \"$FC\"; echo code=$?");
                terminal.press("Enter");
                terminal.awaitText("> Choose a model");
                terminal.press("Enter");
                terminal.awaitText("free for models");
                terminal.press("Enter");
                terminal.awaitText("A REPLY");
                terminal.press("PPage", "PPage", "PPage");
                terminal.awaitText("> opt-125m");
                terminal.press("Enter");
                terminal.awaitText("non-commercial use only");
                terminal.press("Down", "Enter");
                terminal.awaitText("> Hugging Face's folder");
                terminal.press("Enter");
                terminal.awaitText("\"model\": \"opt-125m\"");
                terminal.press("Enter");
                terminal.awaitText("> Start chatting");
                terminal.press("Enter");
                terminal.awaitText("opt-125m, context");
                terminal.type("Hello");
                terminal.press("Enter");
                terminal.awaitText("tok/s"); // before it, the last prompt may still be all that is to be seen
                awaitPrompt(terminal);
                terminal.type("/bye");
                terminal.press("Enter");
                terminal.awaitText("code=0");
            }
        }
        assertThat(home.resolve(".config/flexgen-chat/config.json")).hasContent("{\n  \"model\": \"opt-125m\"\n}\n");
        assertThat(home.resolve(".cache/huggingface/hub/models--facebook--opt-125m/refs/main"))
                .exists();
    }

    @Test
    void aTerminalIsGivenBackWhenTheProgramIsTerminated() throws Exception {
        var release = Release.packaged(home);
        try (var terminal = new Tmux(home, environment(release))) {
            terminal.type("stty -a >before; sh -c 'echo $$ >pid; exec \"$FC\"'; echo code=$?; stty -a >after; echo ok");
            terminal.press("Enter");
            terminal.awaitText("> Choose a model");
            assertThat(terminal.alternateScreen()).isTrue();

            String pid = Files.readString(home.resolve("pid")).strip();
            assertThat(Program.run(home, environment(release), "", List.of("kill", "-TERM", pid))
                            .exitCode())
                    .isZero();

            terminal.awaitText("code=143\nok");
            assertThat(terminal.alternateScreen()).isFalse();
        }
        assertThat(text("after")).isEqualTo(text("before"));
        assertThat(home.resolve(".config")).doesNotExist();
    }

    /** Behind a reply, or behind the greeting. */
    private static void awaitPrompt(Tmux terminal) throws IOException, InterruptedException {
        terminal.await("a prompt", screen -> screen.stripTrailing().endsWith("\n>"));
    }

    private String text(String name) throws IOException {
        return Files.readString(home.resolve(name));
    }
}
