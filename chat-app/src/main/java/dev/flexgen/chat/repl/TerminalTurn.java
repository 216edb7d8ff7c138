package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.repl.render.WordWrap;
import dev.flexgen.config.PlainText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/**
 * Shows one turn on the terminal while it is made. The chat's thread tells it what happens; a thread of its own shows that
 * something still does when nothing comes for a while, hence the locks.
 */
final class TerminalTurn implements DialogueListener, AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final Duration TICK = Duration.ofMillis(250);
    private static final String ERASE_LINE = "\r\u001b[K";
    private static final int RIGHT_MARGIN = 2;
    private static final String STOPPED = "[stopped]";

    private final Terminal terminal;
    private final PrintWriter writer;
    private final Theme theme;
    private final LongSupplier nanoTime;
    private final long begin;
    private final WordWrap wrap;
    private final Thread ticker;
    private final SignalHandler resizeHandler;
    private int columns;
    private int promptDone;
    private int promptTotal;
    private boolean progressShown;
    private boolean textShown;
    private boolean ended;

    TerminalTurn(Terminal terminal, Theme theme, LongSupplier nanoTime) {
        this.terminal = terminal;
        writer = terminal.writer();
        this.theme = theme;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
        columns = terminal.getWidth();
        wrap = new WordWrap(columns - RIGHT_MARGIN);
        resizeHandler = terminal.handle(Signal.WINCH, _ -> resize());
        ticker = Thread.ofVirtual().name("progress").unstarted(this::tick);
        // A terminal that cannot erase a line would be left with the numbers of the past.
        if (!TerminalGuard.isDumb(terminal)) {
            ticker.start();
        }
    }

    @Override
    public synchronized void onEvent(DialogueEvent event) {
        eraseProgress();
        write(theme.dim(StatusText.event(event)) + "\n");
    }

    @Override
    public synchronized void onPrefill(int doneTokens, int totalTokens) {
        promptDone = doneTokens;
        promptTotal = totalTokens;
    }

    @Override
    public synchronized void onText(String text) {
        eraseProgress();
        write(wrap.push(PlainText.of(text)));
        textShown = true;
    }

    /** Ends the reply's last line. */
    synchronized void finish(ReplyEnd end) {
        var rest = breakOff();
        boolean stopped = end == ReplyEnd.STOPPED;
        if (textShown) {
            write(rest + (stopped ? wrap.separator(STOPPED.length()) + theme.dim(STOPPED) : "") + "\n");
        } else {
            write(theme.dim(stopped ? STOPPED : "[no reply]") + "\n");
        }
    }

    /** Leaves the cursor where an error message can follow. */
    synchronized void fail() {
        var rest = breakOff();
        write(textShown ? rest + "\n" : "");
    }

    @Override
    public void close() {
        ticker.interrupt();
        terminal.handle(Signal.WINCH, resizeHandler == null ? SignalHandler.SIG_DFL : resizeHandler);
    }

    private void resize() {
        int now = terminal.getWidth(); // takes a moment, for which the reply need not wait
        synchronized (this) {
            columns = now;
            wrap.resize(now - RIGHT_MARGIN);
        }
    }

    private void tick() {
        try {
            while (showProgress()) {
                Thread.sleep(TICK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the turn is over
        }
    }

    /** Whether there may be progress to show later. */
    private synchronized boolean showProgress() {
        long waited = nanoTime.getAsLong() - begin;
        if (!ended && !textShown && waited >= PATIENCE_NANOS) {
            progressShown = true;
            var progress = StatusText.prefill(promptDone, promptTotal, TimeUnit.NANOSECONDS.toSeconds(waited));
            write(ERASE_LINE + theme.dim(fitting(progress)));
        }
        return !ended && !textShown;
    }

    /** On one line, since no more can be erased again. */
    private String fitting(String progress) {
        return columns > 0 && progress.length() >= columns ? progress.substring(0, columns - 1) : progress;
    }

    private String breakOff() {
        ended = true;
        eraseProgress();
        return wrap.finish();
    }

    private void eraseProgress() {
        if (progressShown) {
            progressShown = false;
            write(ERASE_LINE);
        }
    }

    private void write(String text) {
        writer.write(text);
        writer.flush();
    }
}
