package dev.flexgen.chat.demo;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jline.terminal.Size;

/**
 * A script of what somebody types, and when: a part of the language of VHS's tapes, so that VHS can film the same file, with our own
 * directives in comments that begin with {@code #@}.
 *
 * @param source the file's name, for messages
 * @param title one line about it; may be empty
 * @param settings settings of the program, by name
 * @param size of the terminal, in columns and rows
 */
public record Tape(String source, String title, Map<String, String> settings, Size size, List<Step> steps) {

    public Tape {
        settings = Map.copyOf(settings);
        steps = List.copyOf(steps);
    }

    /** One thing to do, and the line of the tape that says so, the first being 1. */
    record Step(int line, Action action) {}

    /** What can be done. */
    sealed interface Action {

        /** Types text, with a pause behind each character; without one, the tape's. */
        record Type(String text, Optional<Duration> speed) implements Action {}

        /** Presses a key, perhaps several times. */
        record Press(String name, String keys, int times, Optional<Duration> speed) implements Action {}

        /** Does nothing for a while. */
        record Sleep(Duration time) implements Action {}

        /** Waits for text in the cursor's line or anywhere on the screen; without a pattern, for the tape's. */
        record Wait(boolean anywhere, Optional<Pattern> pattern, Optional<Duration> timeout) implements Action {}

        /** Changes the pause behind a character. */
        record TypingSpeed(Duration time) implements Action {}

        /** Changes how long to wait at most. */
        record WaitTimeout(Duration time) implements Action {}

        /** Changes what to wait for. */
        record WaitPattern(Pattern pattern) implements Action {}

        /** Lets the audience see what happens, or not. */
        record Show(boolean shown) implements Action {}

        /** The terminal shows at most so many characters a second from now on; 0 for no limit. */
        record Pace(int charactersPerSecond) implements Action {}

        /** When the tape is checked: the screen must show this soon, or must not show it now. */
        record Expect(Pattern pattern, boolean wanted) implements Action {}
    }
}
