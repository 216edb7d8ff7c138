package dev.flexgen.chat.repl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;
import org.jline.terminal.TerminalBuilder.SystemOutput;
import org.jline.terminal.impl.DumbTerminal;
import org.jline.terminal.impl.PosixSysTerminal;
import org.jline.terminal.impl.exec.ExecTerminalProvider;
import org.jline.terminal.impl.jni.JniTerminalProvider;
import org.jline.terminal.spi.Pty;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;
import org.jline.utils.Signals;

/** The terminal that the process was started in. */
public final class SystemTerminal {

    private static final String NAME = "flexgen-chat";

    private SystemTerminal() {}

    /**
     * Opens it; the caller closes it. To be called only if there is one, that is if {@link System#console()} says so: the
     * line editor would otherwise make up a dumb terminal.
     *
     * @param environment where {@code TERM} is looked up, and the size of a terminal that does not know it
     */
    public static Terminal open(Map<String, String> environment) throws IOException {
        String type = TerminalType.described(environment.getOrDefault("TERM", ""));
        return type.startsWith(Terminal.TYPE_DUMB)
                ? openDumb(type)
                : new PosixSysTerminal(
                        NAME,
                        type,
                        new SystemPty(pty(), environment),
                        StandardCharsets.UTF_8,
                        true,
                        SignalHandler.SIG_DFL);
    }

    /** By {@code stty}; its native library, for where there is none, would leave the terminal with a speed of 0. */
    private static Pty pty() throws IOException {
        try {
            return new ExecTerminalProvider().current(SystemStream.Output);
        } catch (IOException noStty) {
            return new JniTerminalProvider().current(SystemStream.Output);
        }
    }

    /** Its lines are the system's work, echo and all. */
    private static Terminal openDumb(String type) throws IOException {
        var terminal = TerminalBuilder.builder()
                .name(NAME)
                .type(type)
                .system(true)
                .dumb(true)
                .encoding(StandardCharsets.UTF_8)
                .nativeSignals(true)
                .signalHandler(SignalHandler.SIG_DFL)
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

    /** Whether standard output leads to it. */
    public static boolean isOut() {
        return isTerminal(1, SystemStream.Output);
    }

    /** Whether standard input comes from it. */
    public static boolean isIn() {
        return isTerminal(0, SystemStream.Input);
    }

    /** Linux says so without another process. */
    private static boolean isTerminal(int descriptor, SystemStream stream) {
        try {
            var device = Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(descriptor)))
                    .toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
        } catch (IOException e) {
            return leadsToIt(stream);
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
    public static Terminal openForErr(Map<String, String> environment) throws IOException {
        return TerminalBuilder.builder()
                .name(NAME)
                .type(TerminalType.described(environment.getOrDefault("TERM", "")))
                .system(true)
                .systemOutput(SystemOutput.ForcedSysErr)
                .dumb(false)
                .encoding(StandardCharsets.UTF_8)
                .nativeSignals(false)
                .build();
    }

    /** Its size, or the usual one where it does not know it. */
    public static Size size(Terminal terminal, Map<String, String> environment) {
        return SystemPty.known(terminal.getSize(), environment);
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
