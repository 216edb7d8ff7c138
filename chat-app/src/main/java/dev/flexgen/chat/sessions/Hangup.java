package dev.flexgen.chat.sessions;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueChange;
import dev.flexgen.chat.dialogue.DialogueObserver;
import org.jline.utils.Signals;
import org.jspecify.annotations.Nullable;

/**
 * A terminal that is lost in the middle of a reply: the reply goes on until its end, so that the session has it, and then the
 * program ends. At the prompt the loss ends it at once, as ever. Owned by the chat's thread, but for the signal's.
 */
final class Hangup implements DialogueObserver, AutoCloseable {

    /** What a shell says of a program that the signal ended. */
    static final int EXIT_CODE = 129;

    private static final String SIGNAL = "HUP";

    private final Runnable leave;
    private volatile boolean happened;
    private @Nullable Object before;
    private boolean waiting;

    /** @param leave ends the program; need not return */
    Hangup(Runnable leave) {
        this.leave = leave;
    }

    /** Whether the terminal is lost, and the program still there for a reply. */
    boolean happened() {
        return happened;
    }

    @Override
    public void onReplyBegins(String message, Dialogue dialogue) {
        if (!waiting) {
            waiting = true;
            before = Signals.register(SIGNAL, () -> happened = true);
        }
    }

    @Override
    public void onChange(DialogueChange change, Dialogue dialogue) {
        close();
        if (happened) {
            happened = false;
            leave.run();
        }
    }

    @Override
    public void close() {
        if (waiting) {
            waiting = false;
            Signals.unregister(SIGNAL, before);
        }
    }
}
