package dev.flexgen.chat.repl;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
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

    /** Keys that belong together: a paste, a line that goes on after a backslash, a quoted key, a key that has a name. */
    private static final Pattern TOGETHER = Pattern.compile(
            KeyListener.PASTE_BEGIN.replace("[", "\\[") + ".*?(?:"
                    + KeyListener.PASTE_END.replace("[", "\\[") + "|\\z)|\\\\{2,}|\\\\[\r\n]?|\u0016.|\u001b(?:"
                    + NAMED + "|.)?|.",
            Pattern.DOTALL);

    /** All that sends a message at the prompt: two spellings of Enter, those of the keypad and of new terminals, and Ctrl-O. */
    private static final Set<String> SENDS = Set.of("\r", "\n", "\u001bOM", "\u001b[13u", "\u000f");

    /** What a Ctrl-D is called among what waits. */
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
        if (!text(keys.substring(0, stoppedAt)).isBlank()) {
            return false; // it will stand on the prompt
        }
        String left = keys.substring(stoppedAt);
        int begin = 0;
        int end = 0;
        while (end != NEVER) {
            begin += end;
            end = endOfMessage("", left.substring(begin));
        }
        return begin == left.length();
    }

    /** Where the first message ends of which {@code draft} stands on the prompt already; {@code NEVER} if it does not end. */
    private static int endOfMessage(String draft, String keys) {
        var key = TOGETHER.matcher(keys);
        while (key.find()) {
            if (SENDS.contains(key.group()) && !UserInput.isOpen(draft + text(keys.substring(0, key.start())))) {
                return key.end();
            }
        }
        return NEVER;
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

    /**
     * Whether the Ctrl-D that leaves comes next. It is forgotten then; beside a draft it means nothing, as at the prompt.
     *
     * @param others whether keys are left that were handed out before
     */
    synchronized boolean takeLeave(String draft, BooleanSupplier others) {
        boolean due = leaveAt == 0 && (!draft.isEmpty() || !others.getAsBoolean());
        leaveAt = due ? NEVER : leaveAt;
        return due && draft.isEmpty();
    }

    /**
     * The keys of the next message, to be typed again; removes them. All others stay, so that they can be seen and taken back.
     *
     * @param draft what the message begins with
     */
    synchronized String take(String draft) {
        stoppedAt = 0;
        String before = leaveAt == NEVER ? keys.toString() : keys.substring(0, leaveAt);
        int end = endOfMessage(draft, before);
        String taken = end == NEVER ? before : before.substring(0, end);
        keys.delete(0, taken.length());
        leaveAt = leaveAt == NEVER ? NEVER : leaveAt - taken.length();
        return taken;
    }

    private static String text(String keys) {
        return NOT_TEXT.matcher(keys).replaceAll("").replace("\r\n", "\n").replace('\r', '\n');
    }

    private static boolean isEnter(char key) {
        return key == '\r' || key == '\n';
    }
}
