package dev.flexgen.chat.repl;

import java.io.IOException;
import org.jline.reader.impl.LineReaderImpl;
import org.jline.terminal.Terminal.Signal;

/** The line editor with our display, and with the chat's modes after somebody else had the terminal. */
final class ChatLineReader extends LineReaderImpl {

    private final ChatTerminal screen;

    ChatLineReader(ChatTerminal screen) throws IOException {
        super(screen.terminal(), "flexgen-chat");
        this.screen = screen;
    }

    @Override
    protected void redisplay(boolean flush) {
        if (!(display instanceof LineDisplay)) {
            display = new LineDisplay(terminal);
            display.resize(size.getRows(), size.getColumns());
        }
        super.redisplay(flush);
    }

    @Override
    protected synchronized void handleSignal(Signal signal) {
        if (signal == Signal.CONT) {
            screen.enter();
        }
        super.handleSignal(signal);
    }

    /** The next key, or a negative number if none comes for a while. */
    int peekKey(long millis) {
        return bindingReader.peekCharacter(millis);
    }
}
