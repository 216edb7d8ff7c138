package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A terminal of 100 by 30 with a shell in it, on a tmux server of its own. */
final class Tmux implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final Map<String, String> environment;

    /** Starts it; skips the test where there is no tmux. */
    Tmux(Path folder, Map<String, String> environment) throws IOException, InterruptedException {
        this.folder = folder;
        this.environment = environment;
        boolean found = false;
        try {
            found = Program.run(folder, environment, "", List.of("tmux", "-V")).exitCode() == 0;
        } catch (IOException absent) {
            assertThat(absent).hasMessageContaining("tmux");
        }
        assumeThat(found).as("tmux is installed").isTrue();
        tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "/bin/sh");
    }

    /** Types text as it is. */
    void type(String text) throws IOException, InterruptedException {
        tmux("send-keys", "-l", text);
    }

    /** Presses keys by tmux's names for them. */
    void press(String... keys) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("send-keys"));
        command.addAll(List.of(keys));
        tmux(command.toArray(String[]::new));
    }

    /** Pastes text as a terminal does for programs that can tell a paste from keys. */
    void paste(String text) throws IOException, InterruptedException {
        tmux("set-buffer", text);
        tmux("paste-buffer", "-p", "-d");
    }

    /** Types a message or command at the chat's prompt, sends it, and returns the screen with the next prompt. */
    String say(String message) throws IOException, InterruptedException {
        type(message);
        await(
                "'" + message + "' at the prompt",
                screen -> lastPrompt(screen).startsWith("> " + message.stripTrailing()));
        press("Enter");
        return awaitPrompt();
    }

    /** Waits for the chat's prompt with nothing behind it. */
    String awaitPrompt() throws IOException, InterruptedException {
        return await("a prompt", screen -> lastPrompt(screen).equals(">"));
    }

    /** The last line with a prompt of the chat; there may be a status line below. */
    static String lastPrompt(String screen) {
        return screen.lines()
                .filter(line -> line.startsWith(">"))
                .reduce((_, later) -> later)
                .orElse("");
    }

    /** Waits until the screen is as it should be and returns it. */
    String await(String what, Predicate<String> wanted) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            String screen = tmux("capture-pane", "-p").out();
            if (wanted.test(screen)) {
                return screen;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain for " + what + " on this screen:\n" + screen);
            }
            Thread.sleep(50);
        }
    }

    /** Makes the window another size. */
    void resize(int columns, int rows) throws IOException, InterruptedException {
        tmux("resize-window", "-x", Integer.toString(columns), "-y", Integer.toString(rows));
    }

    /** Whether a full-screen program has the screen. */
    boolean alternateScreen() throws IOException, InterruptedException {
        return tmux("display-message", "-p", "#{alternate_on}").out().strip().equals("1");
    }

    String awaitText(String text) throws IOException, InterruptedException {
        return await("'" + text + "'", screen -> screen.contains(text));
    }

    @Override
    public void close() throws IOException {
        try {
            tmux("kill-server");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Program tmux(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("tmux", "-S", folder.resolve("tmux").toString()));
        command.addAll(List.of(arguments));
        var program = Program.run(folder, environment, "", command);
        assertThat(program.exitCode()).as(program.err()).isZero();
        return program;
    }
}
