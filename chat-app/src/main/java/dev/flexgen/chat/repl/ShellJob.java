package dev.flexgen.chat.repl;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/** This process as a job of the shell that started it: stops as Ctrl-Z stops other programs. */
final class ShellJob {

    /** The whole job, as the terminal would: with the program alone, a script around it would wait on with the keyboard. */
    private static final String STOP_JOB = "trap '' TSTP; kill -TSTP 0";

    /** A stop comes a moment after its signal; where no shell could end it, the system lets none come. */
    private static final long PATIENCE_SECONDS = 1;

    private final Terminal terminal;

    ShellJob(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Returns when the shell goes on with it, or after a second if it cannot be stopped. */
    void stop() {
        var continued = new CountDownLatch(1);
        SignalHandler previous = terminal.handle(Signal.CONT, _ -> continued.countDown());
        try {
            new ProcessBuilder("/bin/sh", "-c", STOP_JOB)
                    .redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD)
                    .start()
                    .waitFor();
            var _ = continued.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException noShell) {
            // Then there is nobody to hand the terminal to, and the chat goes on.
        } finally {
            terminal.handle(Signal.CONT, previous == null ? SignalHandler.SIG_DFL : previous);
        }
    }
}
