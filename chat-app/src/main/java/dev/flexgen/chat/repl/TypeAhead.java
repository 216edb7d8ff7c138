package dev.flexgen.chat.repl;

import java.io.IOException;
import org.jline.terminal.Terminal;
import org.jline.utils.NonBlockingReader;

/** Keys that were typed while a reply was made. */
final class TypeAhead {

    private static final int CTRL_D = 4;

    private TypeAhead() {}

    /** Takes what is waiting in the terminal, without Ctrl-D: it was meant for the reply, and must not end the chat. */
    static String take(Terminal terminal) {
        var keys = new StringBuilder();
        NonBlockingReader reader = terminal.reader();
        try {
            while (reader.peek(1) >= 0) {
                int key = reader.read();
                if (key >= 0 && key != CTRL_D) {
                    keys.append((char) key);
                }
            }
        } catch (IOException gone) {
            return keys.toString(); // the prompt meets the closed terminal next, and ends the chat
        }
        return keys.toString();
    }
}
