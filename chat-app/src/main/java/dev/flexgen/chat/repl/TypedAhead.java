package dev.flexgen.chat.repl;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What the user types while there is no prompt: kept for the next one, key by key, visible meanwhile, and taken back with the keys
 * that do that at a prompt. Any thread.
 */
final class TypedAhead {

    /** A key that has a name: F1 to F5 on the Linux console, then all others. */
    private static final String NAMED = "\\[\\[.|\\[[0-?]*[ -/]*[@-~]|O.";

    /** A key that is no text, such as an arrow, at the end of some keys. */
    private static final Pattern LAST_SEQUENCE = Pattern.compile("\u001b(" + NAMED + "|.)?$");

    /** Also a terminal's answer to a question of an earlier program. */
    private static final Pattern NOT_TEXT = Pattern.compile("\u001b(?:" + NAMED
            + "|[\\]P_][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\\\)|.?)|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]");

    private volatile Runnable onChange = () -> {};
    private final StringBuilder keys = new StringBuilder();
    private int stoppedAt;

    /** Has this run when what waits has changed, on the thread that reads the keys. */
    void onChange(Runnable action) {
        onChange = action;
    }

    /** Somebody who shows what waits should look. */
    void changed() {
        onChange.run();
    }

    synchronized void add(char key) {
        keys.append(key);
    }

    /** Whether the last keys are these. */
    synchronized boolean endsWith(String sequence) {
        int from = keys.length() - sequence.length();
        return from >= 0 && keys.indexOf(sequence, from) == from;
    }

    /** Nothing came behind the last key for a while: an Escape was pressed alone, and makes no Alt key of the next one. */
    synchronized void endEscape() {
        if (endsWith("\u001b")) {
            keys.setLength(keys.length() - 1);
            stoppedAt = Math.min(stoppedAt, keys.length());
        }
    }

    /** Takes the last key back; an Enter too, so that a message that waits can be changed. */
    synchronized void back() {
        var sequence = LAST_SEQUENCE.matcher(keys);
        int end = keys.length();
        if (sequence.find()) {
            keys.setLength(sequence.start());
        } else if (end > 0) {
            keys.setLength(end - Character.charCount(keys.codePointBefore(end)));
        }
        stoppedAt = Math.min(stoppedAt, keys.length());
    }

    /** Takes the last message back. */
    synchronized void backLine() {
        int end = keys.length();
        while (end > 0 && isEnter(keys.charAt(end - 1))) {
            end--;
        }
        while (end > 0 && !isEnter(keys.charAt(end - 1))) {
            end--;
        }
        keys.setLength(end);
        stoppedAt = Math.min(stoppedAt, end);
    }

    /** The user has stopped what runs: nothing that was typed until now is sent by itself. */
    synchronized void stop() {
        stoppedAt = keys.length();
    }

    /** What waits, one message a line, for people to see. */
    synchronized List<String> waiting() {
        if (keys.isEmpty()) {
            return List.of(); // asked with every word of a reply
        }
        return text(keys.toString()).lines().filter(line -> !line.isBlank()).toList();
    }

    /** What was typed before the last stop, as text for the prompt that is not sent; empties it. */
    synchronized String takeStopped() {
        String text = text(keys.substring(0, stoppedAt)).strip();
        keys.delete(0, stoppedAt);
        stoppedAt = 0;
        return text;
    }

    /** The keys, to be typed again; empties it. */
    synchronized String take() {
        var all = keys.toString();
        keys.setLength(0);
        stoppedAt = 0;
        return all;
    }

    private static String text(String keys) {
        return NOT_TEXT.matcher(keys).replaceAll("").replace("\r\n", "\n").replace('\r', '\n');
    }

    private static boolean isEnter(char key) {
        return key == '\r' || key == '\n';
    }
}
