package dev.flexgen.chat.demo;

import dev.flexgen.chat.demo.Tape.Action;
import dev.flexgen.chat.demo.Tape.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Does what a tape says, on the thread that calls it. */
final class DemoPlayer {

    /** The prompt of the chat, or the shell's. */
    private static final Pattern A_PROMPT = Pattern.compile("^[>$]$");

    /** The line editor takes a key that follows at once for the rest of the sequence that Escape begins. */
    private static final Duration BEHIND_ESCAPE = Duration.ofMillis(1200);

    private static final long ECHO_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private final Tape tape;
    private final DemoScreen screen;
    private final DemoConsole console;
    private final DemoShell shell;
    private final DemoClock clock;
    private final boolean checking;
    private Duration typingSpeed = Duration.ofMillis(50);
    private Duration timeout = Duration.ofSeconds(15);
    private Pattern pattern = A_PROMPT;
    private int checks;
    /** How many line feeds there were when a key was pressed that leaves a line; -1 if the last one was no such key. */
    private long left = 0;

    DemoPlayer(Tape tape, DemoScreen screen, DemoConsole console, DemoShell shell, DemoClock clock, boolean checking) {
        this.tape = tape;
        this.screen = screen;
        this.console = console;
        this.shell = shell;
        this.clock = clock;
        this.checking = checking;
    }

    /**
     * Plays it to its end.
     *
     * @throws dev.flexgen.chat.CommandException if something that the tape waits for or expects does not come
     */
    void play() throws InterruptedException {
        for (Step step : tape.steps()) {
            play(step);
            requireShell(step);
        }
    }

    /** How many expectations were met. */
    int checks() {
        return checks;
    }

    private void play(Step step) throws InterruptedException {
        switch (step.action()) {
            case Action.Type(var text, var speed) -> type(step, text, speed.orElse(typingSpeed));
            case Action.Press press -> press(step, press);
            case Action.Sleep(var time) -> clock.pause(time);
            case Action.Wait wait -> await(step, wait);
            case Action.TypingSpeed(var time) -> typingSpeed = time;
            case Action.WaitTimeout(var time) -> timeout = time;
            case Action.WaitPattern(var other) -> pattern = other;
            case Action.Show(var shown) -> {
                screen.show(shown);
                clock.hide(!shown);
            }
            case Action.Pace(var limit) -> screen.pace(limit);
            case Action.Expect expect -> {
                if (checking) {
                    check(step, expect);
                }
            }
        }
    }

    private void type(Step step, String text, Duration speed) throws InterruptedException {
        left = -1;
        for (int at = 0; at < text.length(); ) {
            int end = at + Character.charCount(text.codePointAt(at));
            send(step, text.substring(at, end));
            clock.pause(speed);
            at = end;
        }
    }

    private void press(Step step, Action.Press press) throws InterruptedException {
        for (int i = 0; i < press.times(); i++) {
            left = press.keys().matches("[\r\u0003\u0004]") ? screen.lineFeeds() : -1;
            send(step, press.keys());
            clock.pause(press.speed().orElse(typingSpeed));
        }
        if (press.name().equals("Escape")) {
            TimeUnit.NANOSECONDS.sleep(BEHIND_ESCAPE.toNanos());
        }
    }

    private void send(Step step, String keys) throws InterruptedException {
        long before = screen.pieces();
        if (!console.press(keys, timeout.toNanos())) {
            throw TapeFault.failed(tape.source(), step.line(), "nobody reads what is typed");
        }
        if (clock.isFast()) {
            screen.await(it -> it.pieces() > before, ECHO_NANOS); // so that each key has its own time in a recording
        }
    }

    private void await(Step step, Action.Wait wait) throws InterruptedException {
        Pattern wanted = wait.pattern().orElse(pattern);
        Duration patience = wait.timeout().orElse(timeout);
        if (!soon(step, patience, it -> isLeft(wait) && finds(step, wanted, text(it, wait)))) {
            throw TapeFault.failed(
                    tape.source(),
                    step.line(),
                    "waited %s in vain for /%s/ in %s"
                            .formatted(
                                    spoken(patience),
                                    wanted,
                                    wait.anywhere() ? "the screen" : "the line '" + screen.cursorRow() + "'"));
        }
    }

    /** Behind a key that leaves a line, the line that was left is not the one that is meant, although it may still be there. */
    private boolean isLeft(Action.Wait wait) {
        return wait.anywhere() || left < 0 || screen.lineFeeds() > left;
    }

    private static String text(DemoScreen screen, Action.Wait wait) {
        return wait.anywhere() ? screen.text() : screen.cursorRow();
    }

    private void check(Step step, Action.Expect expect) throws InterruptedException {
        boolean found = expect.wanted()
                ? soon(step, timeout, it -> finds(step, expect.pattern(), it.text()))
                : finds(step, expect.pattern(), screen.text());
        if (found != expect.wanted()) {
            throw TapeFault.failed(
                    tape.source(),
                    step.line(),
                    "the screen " + (found ? "has" : "does not have") + " /" + expect.pattern() + "/");
        }
        checks++;
    }

    private interface Condition {
        boolean holds(DemoScreen screen);
    }

    private boolean soon(Step step, Duration patience, Condition condition) throws InterruptedException {
        boolean inTime = screen.await(it -> condition.holds(it) || shell.hasEnded(), patience.toNanos());
        requireShell(step);
        return inTime && condition.holds(screen);
    }

    private boolean finds(Step step, Pattern wanted, String text) {
        try {
            return TextSearch.finds(wanted, text);
        } catch (TextSearch.TooLong e) {
            throw TapeFault.failed(
                    tape.source(),
                    step.line(),
                    "it takes too long to look for /" + wanted + "/; use a simpler pattern");
        }
    }

    /** The shell ends behind Ctrl-D, or when a program of it ends the process. */
    private void requireShell(Step step) {
        Optional<String> refusal = shell.refusal();
        if (refusal.isPresent()) {
            throw TapeFault.at(tape.source(), step.line(), refusal.get());
        }
        if (shell.hasEnded() && !step.equals(tape.steps().getLast())) {
            throw TapeFault.failed(tape.source(), step.line(), "the shell has ended, and the tape has not");
        }
    }

    private static String spoken(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
