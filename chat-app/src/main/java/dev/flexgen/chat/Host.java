package dev.flexgen.chat;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.util.function.IntConsumer;
import org.jline.terminal.Terminal;

/**
 * What the program has of the process it runs in; a demo runs it inside another one of itself.
 *
 * @param terminals opens the terminal for the chat
 * @param exit ends the process with this code, from whichever thread; need not return
 */
public record Host(Terminals terminals, IntConsumer exit) {

    /** Opens terminals. */
    @FunctionalInterface
    public interface Terminals {

        /** Opens it; the caller closes it. */
        Terminal open(Environment environment) throws IOException;
    }
}
