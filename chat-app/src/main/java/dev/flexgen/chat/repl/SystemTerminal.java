package dev.flexgen.chat.repl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.TerminalBuilder.SystemOutput;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;
import org.jline.utils.Signals;

/** The terminal that the process was started in. */
public final class SystemTerminal {

    private SystemTerminal() {}

    /**
     * Opens it; the caller closes it. To be called only if there is one, that is if {@link System#console()} says so: the
     * line editor would otherwise make up a dumb terminal.
     */
    public static Terminal open() throws IOException {
        var terminal = TerminalBuilder.builder()
                .name("flexgen-chat")
                .system(true)
                .dumb(true)
                .encoding(StandardCharsets.UTF_8)
                .nativeSignals(true)
                .signalHandler(Terminal.SignalHandler.SIG_DFL)
                .build();
        if (terminal instanceof DumbTerminal dumb) {
            passOnInterrupts(dumb);
        }
        return terminal;
    }

    /** Whether standard error leads to it. */
    public static boolean isErr() {
        return leadsToIt(SystemStream.Error);
    }

    /** Whether standard output leads to it. Linux says so without another process. */
    public static boolean isOut() {
        try {
            var device = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
        } catch (IOException e) {
            return leadsToIt(SystemStream.Output);
        }
    }

    private static boolean leadsToIt(SystemStream stream) {
        try {
            return TerminalProvider.load("exec").isSystemStream(stream);
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Opens it for standard error, to ask for its size; the caller closes it. Nothing is read from it, its modes stay as they
     * are, and so do the process's signals: Ctrl-C ends the JVM as ever.
     *
     * @throws IOException if it is none that could be asked
     */
    public static Terminal openForErr() throws IOException {
        return TerminalBuilder.builder()
                .name("flexgen-chat")
                .system(true)
                .systemOutput(SystemOutput.ForcedSysErr)
                .dumb(false)
                .encoding(StandardCharsets.UTF_8)
                .nativeSignals(false)
                .build();
    }

    /** Has this run when the window changes its size; closing the handle ends that. */
    public static Resizes onResize(Runnable action) {
        Object previous = Signals.register(Signal.WINCH.name(), action);
        return () -> Signals.unregister(Signal.WINCH.name(), previous);
    }

    /** Ends a registration. */
    @FunctionalInterface
    public interface Resizes extends AutoCloseable {
        @Override
        void close();
    }

    /** Unlike its other terminals, the line editor's dumb one does not listen to the process's signals. */
    private static void passOnInterrupts(DumbTerminal terminal) {
        var previous = Signals.register(Signal.INT.name(), () -> terminal.raise(Signal.INT));
        terminal.setOnClose(() -> Signals.unregister(Signal.INT.name(), previous));
    }
}
