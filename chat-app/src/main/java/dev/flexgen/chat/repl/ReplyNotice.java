package dev.flexgen.chat.repl;

import dev.flexgen.config.NotifyChoice;
import java.util.function.Consumer;

/**
 * Tells a user who has turned to another window that a long reply is made, by the window's title, and that it has ended, by the bell
 * and, where a terminal knows it, a notification. Owned by whoever shows the reply.
 */
final class ReplyNotice {

    private static final String KEEP_TITLE = "\u001b[22;2t";
    private static final String TITLE = "\u001b]2;flexgen-chat: replying\u0007";
    private static final String OLD_TITLE = "\u001b[23;2t";
    private static final String NOTIFICATION = "\u001b]9;flexgen-chat: the reply is complete\u0007";
    private static final String BELL = "\u0007";

    private final Consumer<String> terminal;
    private final NotifyChoice how;
    private boolean begun;

    ReplyNotice(Consumer<String> terminal, NotifyChoice how) {
        this.terminal = terminal;
        this.how = how;
    }

    /** It takes long; more than once does no harm. */
    void begin() {
        if (!begun) {
            begun = true;
            terminal.accept(how == NotifyChoice.ALL ? KEEP_TITLE + TITLE : "");
        }
    }

    /** It is over; says nothing if it was short. */
    void end() {
        if (begun) {
            begun = false;
            terminal.accept(
                    switch (how) {
                        case ALL -> OLD_TITLE + NOTIFICATION + BELL;
                        case BELL -> BELL;
                        case NONE -> "";
                    });
        }
    }
}
