package dev.flexgen.chat.repl;

import java.io.IOException;
import java.util.function.UnaryOperator;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.Reference;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal.Signal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/** The line editor with our display, and with the chat's modes after somebody else had the terminal. */
final class ChatLineReader extends LineReaderImpl {

    private static final String CTRL_G = "\u0007";

    private final ChatTerminal screen;
    private final UnaryOperator<String> hints;
    private AttributedString hint = AttributedString.EMPTY;

    /** @param hints what to show dim at the right of a draft; empty for nothing */
    ChatLineReader(ChatTerminal screen, UnaryOperator<String> hints) throws IOException {
        super(screen.terminal(), "flexgen-chat");
        this.screen = screen;
        this.hints = hints;
    }

    @Override
    protected void redisplay(boolean flush) {
        lock.lock(); // a resize and a fresh hint come here on threads of their own
        try {
            hint = hint();
            ourDisplay().hint(hint);
            super.redisplay(flush);
        } finally {
            lock.unlock();
        }
    }

    private LineDisplay ourDisplay() {
        if (display instanceof LineDisplay ours) {
            return ours;
        }
        var ours = new LineDisplay(terminal);
        ours.resize(size.getRows(), size.getColumns());
        display = ours;
        return ours;
    }

    /** Draws the hint again if it has changed meanwhile; not while a key is obeyed. Any thread. */
    void refreshHint() {
        if (lock.tryLock()) {
            try {
                if (reading && !hint.equals(hint())) {
                    redisplay(true);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private AttributedString hint() {
        String text = reading && state == State.NORMAL ? hints.apply(buf.toString()) : "";
        return new AttributedString(text, AttributedStyle.DEFAULT.faint());
    }

    @Override
    protected synchronized void handleSignal(Signal signal) {
        if (signal == Signal.CONT) {
            screen.enter();
        }
        lock.lock(); // a resize must not change the display while a key is drawn
        try {
            super.handleSignal(signal);
        } finally {
            lock.unlock();
        }
    }

    /** In a history search Ctrl-G cancels the search, as in shells, instead of opening the editor. */
    @Override
    public Binding readBinding(KeyMap<Binding> keys, @Nullable KeyMap<Binding> local) {
        Binding binding = super.readBinding(keys, local);
        return searchTerm != null && CTRL_G.equals(getLastBinding()) ? new Reference(SEND_BREAK) : binding;
    }

    /** As in shells, overwrite mode (the Insert key) ends with the message. */
    void stopOverwriting() {
        overTyping = false;
    }

    /** Whether there are keys that nobody has obeyed; those of the keyboard count too. */
    boolean hasKeys() {
        return peekKey(1) >= 0;
    }

    /** The next key, or a negative number if none comes for a while. */
    int peekKey(long millis) {
        return bindingReader.peekCharacter(millis);
    }
}
