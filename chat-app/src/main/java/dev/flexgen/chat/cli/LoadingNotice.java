package dev.flexgen.chat.cli;

import dev.flexgen.chat.live.LoadText;
import dev.flexgen.chat.live.LoadWatch;
import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.base.Activity;
import java.io.PrintStream;
import java.time.Duration;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says on the terminal how far the reading of a model is, and takes it back afterwards, however that ends. For the thread that opens
 * models, while that of the keyboard may send it away; one of its own keeps the line up to date.
 */
final class LoadingNotice implements LoadWatch, AutoCloseable {

    private static final String ERASE_LINE = "\r\u001b[K";
    private static final Duration TICK = Duration.ofMillis(250);

    private final PrintStream terminal;
    private final IntSupplier columns;
    private final LongSupplier nanoTime;
    private final boolean wanted;
    private String shown = "";
    private boolean away;
    private boolean closed;
    private @Nullable Thread ticker;

    /**
     * One for a terminal.
     *
     * @param columns of the terminal at this moment
     * @param wanted false for a notice that says nothing: there is no terminal, or it cannot erase a line
     */
    LoadingNotice(PrintStream terminal, IntSupplier columns, boolean wanted, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.columns = columns;
        this.wanted = wanted;
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized void begins(String model, Activity activity) {
        ends();
        if (!wanted || closed) {
            return;
        }
        long before = activity.now().loadedBytes();
        long beforeAll = activity.now().toLoadBytes();
        long begin = nanoTime.getAsLong();
        if (!away) {
            show(LoadText.of(model, 0, 0, 0));
        }
        ticker = Thread.ofVirtual().name("loading").start(() -> {
            try {
                do {
                    Thread.sleep(TICK);
                } while (tick(() -> {
                    Activity.Now now = activity.now();
                    return LoadText.of(
                            model,
                            now.loadedBytes() - before,
                            now.toLoadBytes() - beforeAll,
                            (nanoTime.getAsLong() - begin) / 1e9);
                }));
            } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Whether to look again. Under the lock the ticker is not interrupted: asking for the terminal's size would fail. */
    private synchronized boolean tick(Supplier<String> text) {
        if (Thread.currentThread().isInterrupted()) {
            return false;
        }
        try {
            if (!away) {
                show(text.get());
            }
            return true;
        } catch (IllegalStateException closedByTheLineEditor) {
            return false; // because the JVM ends
        }
    }

    private synchronized void show(String text) {
        String line = Columns.fit(PlainText.line(text), columns.getAsInt() - 1);
        if (!line.equals(shown)) {
            terminal.print((shown.isEmpty() ? "" : ERASE_LINE) + line);
            terminal.flush();
            shown = line;
        }
    }

    @Override
    public synchronized void ends() {
        if (ticker != null) {
            ticker.interrupt();
            ticker = null;
        }
        erase();
    }

    private void erase() {
        if (!shown.isEmpty()) {
            shown = "";
            terminal.print(ERASE_LINE);
            terminal.flush();
        }
    }

    /** Somebody else has the terminal, until {@link #comeBack}. */
    synchronized void leave() {
        away = true;
        erase();
    }

    synchronized void comeBack() {
        away = false;
    }

    /** Nothing is shown any more, even if something else is loaded. Any thread. */
    @Override
    public synchronized void close() {
        closed = true;
        ends();
    }
}
