package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jline.builtins.ScreenTerminal;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.LineDisciplineTerminal;

/** A terminal in memory with somebody in front of it: types keys, sees the screen. */
final class ScreenSession implements AutoCloseable {

    static final String CTRL_C = "\u0003";
    static final String CTRL_D = "\u0004";
    static final String ALT_ENTER = "\u001b\r";
    static final String CTRL_U = "\u0015";
    static final String CTRL_Z = "\u001a";
    static final String UP = "\u001bOA";

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The screen's bit of a cell. */
    private static final long UNDERLINE = 1L << 56;

    private final ScreenTerminal screen;
    private int columns;
    private int rows;
    private final StringBuilder bytes = new StringBuilder();
    private final LineDisciplineTerminal terminal;
    /** How much had been sent when Enter or Ctrl-C was last typed; -1 if it was not the last that was typed. */
    private int accepted = -1;

    private volatile Runnable stop = () -> {};
    private CompletableFuture<Integer> exitCode = CompletableFuture.completedFuture(-1);

    ScreenSession(String type, int columns, int rows) throws IOException {
        this.columns = columns;
        this.rows = rows;
        screen = new ScreenTerminal(columns, rows);
        terminal = new LineDisciplineTerminal("test", type, new Screen(), StandardCharsets.UTF_8);
        terminal.setSize(new Size(columns, rows));
    }

    static ScreenSession open() throws IOException {
        return new ScreenSession("xterm", 80, 24);
    }

    /** What happens when the chat asks the shell to stop it. */
    void onStop(Runnable action) {
        stop = action;
    }

    Terminal terminal() {
        return terminal;
    }

    /** Runs a chat on its own thread. */
    ScreenSession start(Function<ChatTerminal, Integer> chat) {
        exitCode = new CompletableFuture<>();
        var result = exitCode;
        Thread.ofPlatform().daemon().name("chat").start(() -> {
            try {
                int code;
                try (var chatTerminal = new ChatTerminal(terminal, () -> stop.run())) {
                    code = chat.apply(chatTerminal);
                }
                result.complete(code);
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return this;
    }

    /** The window gets another size. */
    void resize(int columns, int rows) {
        synchronized (bytes) {
            this.columns = columns;
            this.rows = rows;
            screen.setSize(columns, rows);
        }
        terminal.setSize(new Size(columns, rows));
        terminal.raise(Terminal.Signal.WINCH);
    }

    void type(String keys) throws IOException {
        accepted = keys.matches("(?s).*[\\r\u0003].*") ? sent().length() : -1;
        terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
    }

    /** Waits until the screen shows this text. */
    void awaitText(String text) throws InterruptedException {
        await(text, () -> lines().contains(text));
    }

    /** Waits for an empty prompt, a new one if the last keys were to leave the line. */
    void awaitPrompt() throws InterruptedException {
        awaitPrompt("");
    }

    void awaitPrompt(String when) throws InterruptedException {
        await("an empty prompt " + when, this::isAtPrompt);
    }

    /** Whether there is an empty prompt within so many looks, 5 ms apart: a process may stand still for a while, with its chat. */
    boolean promptWithin(int looks) throws InterruptedException {
        for (int look = 0; look < looks; look++) {
            if (isAtPrompt()) {
                return true;
            }
            Thread.sleep(5);
        }
        return false;
    }

    private boolean isAtPrompt() {
        boolean left = accepted < 0 || sent().indexOf('\n', accepted) >= 0;
        return left && (lines().endsWith("\n>") || lines().equals(">"));
    }

    void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(exitCode.isCompletedExceptionally())
                    .as("the chat failed: " + exitCode)
                    .isFalse();
            assertThat(System.nanoTime())
                    .as("waiting for " + what + " in:\n" + lines())
                    .isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /** The screen without blanks at line ends and without empty lines at its end. */
    String lines() {
        synchronized (bytes) {
            return String.join(
                            "\n",
                            screen.toString().lines().map(String::stripTrailing).toList())
                    .stripTrailing();
        }
    }

    /** The same of the characters alone that are underlined, the others being blanks: where a theme has put its underline. */
    String underlined() {
        synchronized (bytes) {
            long[] cells = new long[columns * rows];
            screen.dump(cells, 0, 0, rows, columns, null);
            var text = new StringBuilder();
            for (int i = 0; i < cells.length; i++) {
                text.append((cells[i] & UNDERLINE) == 0 ? ' ' : (char) cells[i]);
                text.append(i % columns == columns - 1 ? "\n" : "");
            }
            return String.join(
                            "\n",
                            text.toString().lines().map(String::stripTrailing).toList())
                    .stripTrailing();
        }
    }

    /** All that was ever sent to the terminal. */
    String sent() {
        synchronized (bytes) {
            return bytes.toString();
        }
    }

    int awaitExit() throws InterruptedException, ExecutionException, TimeoutException {
        return exitCode.get(10, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws IOException {
        terminal.close();
    }

    private final class Screen extends OutputStream {

        private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

        @Override
        public void write(int b) {
            pending.write(b);
            flush(); // the terminal's writer sends single bytes; only whole characters may reach the screen
        }

        @Override
        public void flush() {
            var text = pending.toString(StandardCharsets.UTF_8);
            if (!text.isEmpty() && !text.endsWith("\uFFFD")) {
                pending.reset();
                synchronized (bytes) {
                    bytes.append(text);
                    screen.write(text);
                }
            }
        }
    }
}
