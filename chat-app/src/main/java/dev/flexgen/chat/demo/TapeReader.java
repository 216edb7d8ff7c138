package dev.flexgen.chat.demo;

import dev.flexgen.chat.demo.Tape.Action;
import dev.flexgen.chat.demo.Tape.Step;
import dev.flexgen.chat.demo.TapeWords.Kind;
import dev.flexgen.config.PlainText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jline.terminal.Size;

/** Understands a tape's text. A fault is one sentence with file, line and what is allowed. */
final class TapeReader {

    private static final String COMMANDS =
            "Type, Sleep, Wait, Set, Hide, Show, Require, Ctrl+, Alt+, Shift+, " + TapeKeys.names();

    /** VHS's settings of how a film looks, which change nothing here. */
    private static final Set<String> LOOKS = Set.of(
            "FontSize",
            "FontFamily",
            "Framerate",
            "LetterSpacing",
            "LineHeight",
            "PlaybackSpeed",
            "Padding",
            "Theme",
            "LoopOffset",
            "MarginFill",
            "Margin",
            "WindowBar",
            "WindowBarSize",
            "BorderRadius",
            "CursorBlink");

    private static final int MOST_TIMES = 1000;

    /** Above these a number counts VHS's pixels, which are about so many to a character, behind a margin. */
    private static final int MOST_COLUMNS = 400;

    private static final int MOST_ROWS = 200;
    private static final int LEAST_COLUMNS = 20;
    private static final int LEAST_ROWS = 5;
    private static final int MOST_PIXELS = 10_000;
    private static final int MARGIN_PIXELS = 120;
    private static final double PIXELS_A_COLUMN = 13.2;
    private static final double PIXELS_A_ROW = 26;

    private final String source;
    private final TapeDirectives directives;
    private final List<Step> steps = new ArrayList<>();
    private int columns = 80;
    private int rows = 24;

    private TapeReader(String source) {
        this.source = source;
        directives = new TapeDirectives(source);
    }

    /**
     * Understands it.
     *
     * @param source its name, for messages
     * @throws dev.flexgen.chat.CommandException if it cannot be obeyed
     */
    static Tape read(String source, String text) {
        return new TapeReader(source).read(text);
    }

    private Tape read(String text) {
        List<String> lines = text.lines().toList();
        for (int line = 1; line <= lines.size(); line++) {
            String content = lines.get(line - 1).strip();
            requirePlain(line, content);
            if (TapeDirectives.is(content)) {
                Optional<Action> action = directives.read(line, content, typed());
                if (action.isPresent()) {
                    steps.add(new Step(line, action.get()));
                }
            } else {
                commands(line, new TapeWords(source, line, content));
            }
        }
        if (!typed()) {
            throw TapeFault.at(source, Math.max(1, lines.size()), "the tape types nothing; it can say: " + COMMANDS);
        }
        Size size = directives.size().orElseGet(() -> new Size(columns, rows));
        return new Tape(source, directives.title(), directives.settings(), size, steps);
    }

    private boolean typed() {
        return steps.stream()
                .anyMatch(step -> step.action() instanceof Action.Type || step.action() instanceof Action.Press);
    }

    private void requirePlain(int line, String content) {
        content.chars()
                .filter(c -> Character.isISOControl(c) && c != '\t')
                .findFirst()
                .ifPresent(c -> {
                    throw TapeFault.at(
                            source, line, "U+%04X is no text; keys have names: %s".formatted(c, TapeKeys.names()));
                });
    }

    private void commands(int line, TapeWords words) {
        while (words.hasMore()) {
            command(words).ifPresent(action -> steps.add(new Step(line, action)));
        }
    }

    private Optional<Action> command(TapeWords words) {
        String before = words.next();
        String name = words.take(Kind.NAME)
                .orElseThrow(() -> words.fault("a command is expected, " + before + "; there are: " + COMMANDS));
        return switch (name) {
            case "Type" -> Optional.of(type(words));
            case "Sleep" -> Optional.of(new Action.Sleep(words.time("Sleep")));
            case "Wait" -> Optional.of(waiting(words));
            case "Set" -> set(words);
            case "Hide" -> Optional.of(new Action.Show(false));
            case "Show" -> Optional.of(new Action.Show(true));
            case "Require" -> require(words);
            case "Ctrl" -> Optional.of(control(words));
            case "Alt" -> Optional.of(modified(words, name));
            case "Shift" -> Optional.of(modified(words, name));
            case "Output" ->
                throw words.fault("Output is not obeyed; to record: flexgen-chat demo FILE --record OUT.cast");
            default -> Optional.of(press(words, name));
        };
    }

    private static Action type(TapeWords words) {
        var speed = words.speed();
        var text = new StringBuilder(words.take(Kind.TEXT)
                .orElseThrow(() -> words.fault("Type wants a text in \"\", '' or ``, " + words.next())));
        for (var more = words.take(Kind.TEXT); more.isPresent(); more = words.take(Kind.TEXT)) {
            text.append(' ').append(more.get());
        }
        return new Action.Type(text.toString(), speed);
    }

    private static Action press(TapeWords words, String name) {
        String keys = TapeKeys.named(name)
                .orElseThrow(
                        () -> words.fault("unknown command '" + PlainText.excerpt(name) + "'; there are: " + COMMANDS));
        var speed = words.speed();
        return new Action.Press(name, keys, times(words, name), speed);
    }

    private static int times(TapeWords words, String name) {
        return words.nextIs(Kind.NUMBER) ? words.number(name, 1, MOST_TIMES) : 1;
    }

    private static Action control(TapeWords words) {
        var prefix = "";
        String key = key(words, "Ctrl");
        while (key.equals("Alt") || key.equals("Shift")) {
            prefix = key.equals("Alt") ? "\u001b" : prefix;
            key = key(words, "Ctrl+" + key);
        }
        String name = "Ctrl+" + key;
        if (key.equalsIgnoreCase("z")) {
            throw words.fault("Ctrl+Z would stop the program that plays the tape");
        }
        String keys = TapeKeys.control(key)
                .orElseThrow(() -> words.fault("there is no key '" + PlainText.excerpt(name)
                        + "'; Ctrl+ goes with a letter, @ [ \\ ] ^ _, an arrow, Enter, Space or Backspace"));
        return new Action.Press(name, prefix + keys, 1, Optional.empty());
    }

    private static Action modified(TapeWords words, String modifier) {
        String key = key(words, modifier);
        String name = modifier + "+" + key;
        String keys = (modifier.equals("Alt") ? TapeKeys.alt(key) : TapeKeys.shift(key))
                .orElseThrow(() -> words.fault("there is no key '" + PlainText.excerpt(name) + "'; " + modifier
                        + "+ goes with a letter, Enter or Tab"));
        return new Action.Press(name, keys, 1, Optional.empty());
    }

    private static String key(TapeWords words, String modifier) {
        if (!words.takeSign("+")) {
            throw words.fault(modifier + " wants + and a key, as in " + modifier + "+C, " + words.next());
        }
        return words.takeAny().orElseThrow(() -> words.fault(modifier + "+ wants a key, as in " + modifier + "+C"));
    }

    private static Action waiting(TapeWords words) {
        boolean anywhere = false;
        if (words.takeSign("+")) {
            String next = words.next();
            anywhere = switch (words.take(Kind.NAME).orElse("")) {
                case "Screen" -> true;
                case "Line" -> false;
                default -> throw words.fault("Wait+ goes with Screen or Line, " + next);
            };
        }
        var timeout = words.speed();
        return new Action.Wait(anywhere, words.take(Kind.PATTERN).map(words::pattern), timeout);
    }

    private Optional<Action> set(TapeWords words) {
        String name = words.take(Kind.NAME).orElse("");
        switch (name) {
            case "TypingSpeed" -> {
                return Optional.of(new Action.TypingSpeed(words.time("Set TypingSpeed")));
            }
            case "WaitTimeout" -> {
                return Optional.of(new Action.WaitTimeout(words.time("Set WaitTimeout")));
            }
            case "WaitPattern" -> {
                return Optional.of(new Action.WaitPattern(words.take(Kind.PATTERN)
                        .map(words::pattern)
                        .orElseThrow(() -> words.fault("Set WaitPattern wants a pattern in //, " + words.next()))));
            }
            case "Width" -> {
                requireBeforeKeys(words, "Set Width");
                int wide = words.number("Set Width", LEAST_COLUMNS, MOST_PIXELS);
                columns = wide <= MOST_COLUMNS ? wide : characters(wide, PIXELS_A_COLUMN, LEAST_COLUMNS, MOST_COLUMNS);
            }
            case "Height" -> {
                requireBeforeKeys(words, "Set Height");
                int high = words.number("Set Height", LEAST_ROWS, MOST_PIXELS);
                rows = high <= MOST_ROWS ? high : characters(high, PIXELS_A_ROW, LEAST_ROWS, MOST_ROWS);
            }
            default -> {
                if (!LOOKS.contains(name)) {
                    throw words.fault("Set knows Width, Height, TypingSpeed, WaitTimeout and WaitPattern"
                            + (name.isEmpty() ? ", " + words.next() : ", not '" + PlainText.excerpt(name) + "'"));
                }
                while (words.hasMore()) {
                    words.takeAny();
                }
            }
        }
        return Optional.empty();
    }

    private static int characters(int pixels, double each, int least, int most) {
        return Math.clamp((long) ((pixels - MARGIN_PIXELS) / each), least, most);
    }

    private void requireBeforeKeys(TapeWords words, String what) {
        if (typed()) {
            throw words.fault(what + " must stand before the first key");
        }
    }

    /** A film needs a program; here it is the one that plays. */
    private static Optional<Action> require(TapeWords words) {
        if (words.takeAny().isEmpty()) {
            throw words.fault("Require wants the name of a program");
        }
        while (words.hasMore()) {
            words.takeAny();
        }
        return Optional.empty();
    }
}
