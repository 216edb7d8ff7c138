package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.input.KeyType;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What follows an Escape, character by character, until it is known which key it is. A letter with Alt is sent as an Escape and the
 * letter, and is taken for the two.
 */
final class EscapeSequence {

    private static final int LONGEST = 256;

    /** A key's name as far as it goes: {@code ESC [ 1 ; 5 A}, {@code ESC O A}, {@code ESC [ [ A} on the Linux console. */
    private static final Pattern KEY_SO_FAR = Pattern.compile("O?|\\[\\[?|\\[[0-?]+[ -/]*");

    /** On a keypad and with rxvt's Ctrl too; an Enter or a Backspace with Alt. */
    private static final Pattern KEY =
            Pattern.compile("O[A-FHMP-Sa-dj-y]|[\r\n\b\\x7f]|\\[\\[.|\\[[0-?]*[ -/]*[@-Z\\\\-~]");

    /** A terminal's answer to a question of an earlier program (its colours, its abilities) begins and ends like this. */
    private static final Pattern ANSWER_SO_FAR =
            Pattern.compile("[]P_]|(?:][0-9]|P[0-9>+$!]|_G)[^\\x00-\\x1f\\x7f]*\u001b?");

    private static final Pattern ANSWER =
            Pattern.compile("(?:][0-9]|P[0-9>+$!]|_G)[^\\x00-\\x1f\\x7f]*(?:\u0007|\u001b\\\\)");

    /** An arrow with Shift, Alt or Ctrl does what it does alone. */
    private static final Pattern WITH_MODIFIER = Pattern.compile("\\[1;[0-9]+([A-DFH])");

    private static final Map<String, KeyType> BY_LETTER = Map.of(
            "A", KeyType.ArrowUp,
            "B", KeyType.ArrowDown,
            "C", KeyType.ArrowRight,
            "D", KeyType.ArrowLeft,
            "F", KeyType.End,
            "H", KeyType.Home,
            "M", KeyType.Enter,
            "Z", KeyType.ReverseTab);

    private static final Map<String, KeyType> BY_NUMBER = Map.of(
            "[1~", KeyType.Home,
            "[3~", KeyType.Delete,
            "[4~", KeyType.End,
            "[5~", KeyType.PageUp,
            "[6~", KeyType.PageDown,
            "[7~", KeyType.Home,
            "[8~", KeyType.End);

    private final StringBuilder text = new StringBuilder();

    void add(char character) {
        text.append(character);
    }

    /** Whether more characters could make a key of it. */
    boolean goesOn() {
        return text.length() < LONGEST
                && (KEY_SO_FAR.matcher(text).matches()
                        || ANSWER_SO_FAR.matcher(text).matches());
    }

    /** The key, {@code Unknown} for one that means nothing to us; empty if it is none, or none yet. */
    Optional<KeyType> key() {
        if (ANSWER.matcher(text).matches()) {
            return Optional.of(KeyType.Unknown);
        }
        if (!KEY.matcher(text).matches()) {
            return Optional.empty();
        }
        String name = WITH_MODIFIER.matcher(text).replaceFirst("[$1");
        KeyType plain = name.length() == 2 ? BY_LETTER.get(name.substring(1)) : BY_NUMBER.get(name);
        return Optional.of(plain == null ? KeyType.Unknown : plain);
    }

    /** All of it, without the Escape. */
    CharSequence text() {
        return text;
    }
}
