package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.Attachments;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Has the model read the draft while it is being written: its finished lines at once, a paste at once, other words when the user
 * pauses. A thread of its own does it between {@link #begin} and {@link #end}, while the chat's thread waits for keys.
 */
final class DraftReader implements AutoCloseable {

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

    /** So many characters at once are no key. */
    private static final int PASTE = 80;

    /** Longer drafts cannot fit the context, whatever their tokens are. */
    static final int MOST_CHARACTERS_A_TOKEN = 16;

    private final CommandContext chat;
    private final Attachments attachments;
    private final Thread thread;
    private boolean active;
    private boolean closed;
    private String draft = "";
    private long changedAt;
    private boolean atOnce;
    private @Nullable String read;

    DraftReader(CommandContext chat) {
        this.chat = chat;
        this.attachments = new Attachments(chat::path);
        thread = Thread.ofPlatform().daemon().name("draft-reader").unstarted(this::run);
    }

    /** The user is asked; the model may read what it holds of the conversation. */
    synchronized void begin() {
        if (!chat.partner().model().readsAhead()) {
            return;
        }
        active = true;
        draft = "";
        read = null;
        atOnce = true;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        notifyAll();
    }

    /** The draft is this now. Under the line editor's lock. */
    synchronized void draft(String text) {
        if (!active || text.equals(draft)) {
            return;
        }
        atOnce = Math.abs(text.length() - draft.length()) >= PASTE
                || !finishedLines(text).equals(finishedLines(draft));
        draft = text;
        changedAt = System.nanoTime();
        notifyAll();
    }

    /** The user has answered: from now on the dialogue is the chat's thread's again. */
    synchronized void end() {
        active = false;
        notifyAll();
    }

    private void run() {
        try {
            while (step()) {
                // the next change
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does; if somebody does, it shall end
        }
    }

    /** Waits for something to read and has it read; whether there may be more. */
    private synchronized boolean step() throws InterruptedException {
        while (!closed && !due()) {
            long rest = active ? PAUSE_NANOS - (System.nanoTime() - changedAt) : 0;
            wait(rest <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(rest) + 1);
        }
        if (closed) {
            return false;
        }
        atOnce = false;
        String begun = begun();
        if (!begun.equals(read)) {
            read = begun;
            tell(begun);
        }
        return true;
    }

    private boolean due() {
        boolean paused = System.nanoTime() - changedAt >= PAUSE_NANOS;
        return active && (atOnce || (paused && !begun().equals(read)));
    }

    /** What of the draft will stay when more is typed behind it: a pause says that the words before the cursor are meant. */
    private String begun() {
        boolean paused = System.nanoTime() - changedAt >= PAUSE_NANOS;
        String text = UserInput.of(draft) instanceof UserInput.Message(var message) ? message : "";
        return paused || !text.contains("\n") ? finishedWords(text) : finishedLines(text);
    }

    private void tell(String begun) {
        if (begun.length() / MOST_CHARACTERS_A_TOKEN > chat.dialogue().model().contextLimit()) {
            return;
        }
        try {
            var options = chat.partner().options().apply(chat.settings());
            chat.dialogue().readAhead(attachments.expand(begun), options);
        } catch (IOException | TokenizerException notYet) {
            // A file that is not there, or text that cannot be encoded: sending it will say so.
        }
    }

    private static String finishedLines(String text) {
        return text.substring(0, Math.max(0, text.lastIndexOf('\n'))).stripTrailing();
    }

    private static String finishedWords(String text) {
        int end = text.length();
        while (end > 0 && !Character.isWhitespace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end).stripTrailing();
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
