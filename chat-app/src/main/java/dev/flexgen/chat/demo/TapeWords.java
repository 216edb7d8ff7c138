package dev.flexgen.chat.demo;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.PlainText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The words of one line of a tape, taken from left to right. */
final class TapeWords {

    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final Pattern WORD = Pattern.compile(
            "(?<text>\"[^\"]*\"|'[^']*'|`[^`]*`)|(?<pattern>/[^/]*/)|(?<number>[0-9]*\\.?[0-9]+(ms|s|m)?(?![A-Za-z0-9]))"
                    + "|(?<name>[A-Za-z][A-Za-z0-9]*)|(?<sign>[^\\s\"'`/#])");

    /** What a word can be. */
    enum Kind {
        TEXT,
        PATTERN,
        NUMBER,
        NAME,
        SIGN
    }

    private record Word(Kind kind, String text) {}

    private final String source;
    private final int line;
    private final List<Word> words;
    private int at;

    /** @throws CommandException if the line has something that is no word */
    TapeWords(String source, int line, String text) {
        this.source = source;
        this.line = line;
        words = split(text);
    }

    private List<Word> split(String text) {
        List<Word> found = new ArrayList<>();
        Matcher matcher = WORD.matcher(text);
        int from = 0;
        while (true) {
            while (from < text.length() && Character.isWhitespace(text.charAt(from))) {
                from++;
            }
            if (from == text.length() || text.charAt(from) == '#') {
                return found;
            }
            if (!matcher.region(from, text.length()).lookingAt()) {
                throw fault("nothing ends what begins at " + PlainText.excerpt(text.substring(from))
                        + "; texts stand in \"\", '' or ``, patterns in //");
            }
            found.add(word(matcher));
            from = matcher.end();
        }
    }

    private static Word word(Matcher matcher) {
        String whole = matcher.group();
        if (matcher.group("text") != null) {
            return new Word(Kind.TEXT, whole.substring(1, whole.length() - 1));
        }
        if (matcher.group("pattern") != null) {
            return new Word(Kind.PATTERN, whole.substring(1, whole.length() - 1));
        }
        if (matcher.group("number") != null) {
            return new Word(Kind.NUMBER, whole);
        }
        return new Word(matcher.group("name") != null ? Kind.NAME : Kind.SIGN, whole);
    }

    boolean hasMore() {
        return at < words.size();
    }

    boolean nextIs(Kind kind) {
        return hasMore() && words.get(at).kind() == kind;
    }

    /** The next word if it is of this kind, which is then taken. */
    Optional<String> take(Kind kind) {
        return nextIs(kind) ? Optional.of(words.get(at++).text()) : Optional.empty();
    }

    /** Whether the next word is this sign, which is then taken. */
    boolean takeSign(String sign) {
        boolean is = hasMore() && words.get(at).equals(new Word(Kind.SIGN, sign));
        if (is) {
            at++;
        }
        return is;
    }

    /** The next word, whatever it is, as a key's name: {@code Enter}, {@code C}, {@code 5}, {@code [}. */
    Optional<String> takeAny() {
        return hasMore() ? Optional.of(words.get(at++).text()) : Optional.empty();
    }

    /** What comes next, for a message. */
    String next() {
        return hasMore() ? "not '" + PlainText.excerpt(words.get(at).text()) + "'" : "and nothing follows";
    }

    /** A time behind {@code @}, if there is one. */
    Optional<Duration> speed() {
        return takeSign("@") ? Optional.of(time("@")) : Optional.empty();
    }

    /** A time such as {@code 500ms}, {@code .5s} or {@code 2}, which is seconds. */
    Duration time(String of) {
        String text =
                take(Kind.NUMBER).orElseThrow(() -> fault(of + " wants a time such as 500ms, 2s or 1m, " + next()));
        long unit = text.endsWith("ms") ? 1 : text.endsWith("m") ? 60_000 : 1000;
        double number = Double.parseDouble(text.replaceAll("[a-z]", ""));
        if (number * unit > LONGEST.toMillis()) {
            throw fault(of + " " + PlainText.excerpt(text) + " is longer than 10m");
        }
        return Duration.ofNanos(Math.round(number * unit * 1e6));
    }

    /** A whole number between the two, inclusive. */
    int number(String of, int least, int most) {
        String text = take(Kind.NUMBER).orElse("");
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw fault(of + " wants a whole number from " + least + " to " + most
                    + (text.isEmpty() ? ", " + next() : ", not '" + PlainText.excerpt(text) + "'"));
        }
        return Integer.parseInt(text);
    }

    /** What has been taken as a pattern, understood as one. */
    Pattern pattern(String text) {
        try {
            return Pattern.compile(text, Pattern.MULTILINE);
        } catch (PatternSyntaxException e) {
            throw fault("/" + PlainText.excerpt(text) + "/ is no pattern: " + e.getDescription());
        }
    }

    CommandException fault(String sentence) {
        return TapeFault.at(source, line, sentence);
    }
}
