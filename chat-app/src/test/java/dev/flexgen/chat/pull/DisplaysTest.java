package dev.flexgen.chat.pull;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.pull.FileProgress.Phase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jline.builtins.ScreenTerminal;
import org.jline.terminal.Size;
import org.junit.jupiter.api.Test;

class DisplaysTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long MIB = 1 << 20;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    private long now = 5 * SECOND;

    private static PullState state(long done, String note) {
        Phase phase = done == 100 * MIB ? Phase.DONE : Phase.LOADING;
        return new PullState(
                "opt-tiny",
                List.of(new FileProgress("model.safetensors", 100 * MIB, done, phase)),
                100 * MIB,
                done,
                10 * MIB,
                note);
    }

    private String out() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void theScreenShowsTheLastStateOnlyBelowWhatWasThere() throws IOException {
        var terminal = new ScreenTerminal(60, 12);
        err.print("$ pull\n");
        var screen = new ProgressScreen(err, () -> new Size(60, 12), Bar.ASCII);
        screen.show(PullState.asking("opt-tiny"));
        screen.show(state(25 * MIB, "waiting for the hub"));
        screen.show(state(50 * MIB, ""));
        screen.end(state(100 * MIB, ""));
        err.print("done\n");

        terminal.write(out().replace("\n", "\r\n"));
        assertThat(terminal.toString().lines().map(String::stripTrailing).limit(5))
                .containsExactly(
                        "$ pull",
                        "1 of 1 file     ################  100 %  100.0 of 100.0 MiB",
                        "10.0 MiB/s",
                        "done",
                        "");
    }

    @Test
    void aLogSaysWhyTheHubIsStillBeingAsked() {
        var plain = new PlainProgress(err, () -> now);
        plain.show(PullState.asking("opt-tiny"));
        plain.show(new PullState(
                "opt-tiny", List.of(), 0, 0, 0, "the hub limits how often it may be asked; waiting 200 s"));

        assertThat(out()).isEqualTo("""
                flexgen-chat: opt-tiny: the hub limits how often it may be asked; waiting 200 s
                """);
    }

    @Test
    void namesAndReasonsDoNothingToATerminal() {
        String evil = "a\u001b]0;b\u0007\u009b2J\u202ec\u200bd\ne\u2028f\udb40\udc41";
        PullState state = new PullState(evil, List.of(new FileProgress(evil, 10, 5, Phase.LOADING)), 10, 5, 0, evil);

        String lines = String.join("", new ProgressLines(Bar.ASCII, 120, 10).of(state));
        new PlainProgress(err, () -> now).show(state);

        String plain = "a\u241b]0;b\u2407\ufffd2J\ufffdc\ufffdd e f\ufffd";
        assertThat(lines).contains(plain).doesNotContain("\u001b", "\u009b", "\u202e", "\u2028", "\n");
        assertThat(out()).contains(plain + ": " + plain).doesNotContain("\u001b", "\u009b", "\u202e", "\u2028");
    }

    @Test
    void aLogGetsALineEveryTenSecondsAndAtTheEnd() {
        var plain = new PlainProgress(err, () -> now);
        for (int second = 0; second <= 25; second++, now += SECOND) {
            plain.show(state(second * MIB, second == 3 || second == 4 ? "the hub asks to wait" : ""));
        }
        plain.end(state(100 * MIB, ""));

        assertThat(out()).isEqualTo("""
                flexgen-chat: opt-tiny: the hub asks to wait
                flexgen-chat: opt-tiny: 10 %, 10.0 of 100.0 MiB, 10.0 MiB/s, 0:09 left
                flexgen-chat: opt-tiny: 20 %, 20.0 of 100.0 MiB, 10.0 MiB/s, 0:08 left
                flexgen-chat: opt-tiny: 100 %, 100.0 of 100.0 MiB, 10.0 MiB/s
                """);
    }
}
