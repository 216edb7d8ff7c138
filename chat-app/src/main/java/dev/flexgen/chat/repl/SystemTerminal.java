package dev.flexgen.chat.repl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** The terminal that the process was started in. */
public final class SystemTerminal {

    private SystemTerminal() {}

    /**
     * Opens it; the caller closes it. To be called only if there is one, that is if {@link System#console()} says so: the
     * line editor would otherwise make up a dumb terminal.
     */
    public static Terminal open() throws IOException {
        return TerminalBuilder.builder()
                .name("flexgen-chat")
                .system(true)
                .dumb(true)
                .encoding(StandardCharsets.UTF_8)
                .nativeSignals(true)
                .signalHandler(Terminal.SignalHandler.SIG_DFL)
                .build();
    }
}
