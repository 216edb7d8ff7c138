package dev.flexgen.chat.repl;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What the user types while there is no prompt: kept for the next one, key by key, visible meanwhile, and taken back with the keys
 * that do that at a prompt. Any thread.
 */
final class TypedAhead {

    /** A key that has a name: F1 to F5 on the Linux console, then all others. */
    private static final String NAMED = "\\[\\[.|\\[[0-?]*[ -/]*[@-~]|O.";

    private static final char ESCAPE = '\u001b';

    /** A key that is no text, such as an arrow, at the end of some keys. */
    private static final Pattern LAST_SEQUENCE = Pattern.compile("\u001b(" + NAMED + "|.)?$");

    /** Also a terminal's answer to a question of an earlier program. */
    private static final Pattern NOT_TEXT = Pattern.compile("\u001b(?:" + NAMED
            + "|[\\]P_][^\u0007\u001b\r\n]*(?:\u0007|\u001b\\\\)|.?)|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]");

    /** What a Ctrl-D is at the prompt, and what it is called among what waits. */
    private static final String LEAVE_KEY = "\u0004";

    private static final String LEAVE = "Ctrl-D, to leave";
    private static final int NEVER = -1;

    private volatile Runnable onChange = () -> {};
    private final StringBuilder keys = new StringBuilder();
    private int stoppedAt;
    private int leaveAt = NEVER;

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

    synchronized void add(String more) {
        keys.append(more);
    }

    /** A Ctrl-D: behind a whole message it means to leave when all of that is done; in a line it means nothing, as at the prompt. */
    synchronized void leave() {
        if (leaveAt == NEVER && isBetweenMessages()) {
            leaveAt = keys.length();
        }
    }

    private boolean isBetweenMessages() {
        int end = keys.length();
        if (!text(keys.substring(0, stoppedAt)).isBlank()) {
            return false; // it will stand on the prompt
        }
        if (end == 0) {
            return true;
        }
        boolean goesOn = end > 1 && (keys.charAt(end - 2) == '\\' || keys.charAt(end - 2) == ESCAPE);
        int fences = keys.toString().split(UserInput.FENCE, -1).length - 1;
        return isEnter(keys.charAt(end - 1)) && !goesOn && fences % 2 == 0;
    }

    /** Whether the last keys are these. */
    synchronized boolean endsWith(String sequence) {
        int from = keys.length() - sequence.length();
        return from >= 0 && keys.indexOf(sequence, from) == from;
    }

    /** Nothing came behind the last key for a while: an Escape was pressed alone, and makes no Alt key of the next one. */
    synchronized void endEscape() {
        if (endsWith(Character.toString(ESCAPE))) {
            keys.setLength(keys.length() - 1);
            stoppedAt = Math.min(stoppedAt, keys.length());
        }
    }

    /** Takes the last key back; an Enter too, so that a message that waits can be changed. */
    synchronized void back() {
        if (takeLeaveBack()) {
            return;
        }
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
        if (takeLeaveBack()) {
            return;
        }
        int end = keys.length();
        int begin = Math.max(0, leaveAt);
        while (end > begin && isEnter(keys.charAt(end - 1))) {
            end--;
        }
        while (end > begin && !isEnter(keys.charAt(end - 1))) {
            end--;
        }
        keys.setLength(end);
        stoppedAt = Math.min(stoppedAt, end);
    }

    /** If nothing was typed behind it. */
    private boolean takeLeaveBack() {
        boolean last = leaveAt == keys.length();
        leaveAt = last ? NEVER : leaveAt;
        return last;
    }

    /** The user has stopped what runs: nothing that was typed until now is sent, or ends the chat, by itself. */
    synchronized void stop() {
        stoppedAt = keys.length();
        leaveAt = NEVER;
    }

    /** What waits, one message a line, for people to see. */
    synchronized List<String> waiting() {
        if (leaveAt == NEVER) {
            return keys.isEmpty() ? List.of() : lines(keys.toString()); // asked with every word of a reply
        }
        List<String> all = new ArrayList<>(lines(keys.substring(0, leaveAt)));
        all.add(LEAVE);
        all.addAll(lines(keys.substring(leaveAt)));
        return all;
    }

    private static List<String> lines(String keys) {
        return text(keys).lines().filter(line -> !line.isBlank()).toList();
    }

    /** What was typed before the last stop, as text for the prompt that is not sent; empties it. */
    synchronized String takeStopped() {
        String text = text(keys.substring(0, stoppedAt)).strip();
        keys.delete(0, stoppedAt);
        leaveAt = Math.max(NEVER, leaveAt - stoppedAt);
        stoppedAt = 0;
        return text;
    }

    /** The keys, to be typed again, as far as the Ctrl-D that leaves, which the next prompt gets; removes them. */
    synchronized String take() {
        stoppedAt = 0;
        if (leaveAt == 0) {
            leaveAt = NEVER;
            return LEAVE_KEY;
        }
        int end = leaveAt == NEVER ? keys.length() : leaveAt;
        String taken = keys.substring(0, end);
        keys.delete(0, end);
        leaveAt = leaveAt == NEVER ? NEVER : 0;
        return taken;
    }

    private static String text(String keys) {
        return NOT_TEXT.matcher(keys).replaceAll("").replace("\r\n", "\n").replace('\r', '\n');
    }

    private static boolean isEnter(char key) {
        return key == '\r' || key == '\n';
    }
}
