package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.TextFlow;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.PlainText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/**
 * Shows one turn on the terminal while it is made. The chat's thread tells it what happens; a thread of its own shows that
 * something still does when nothing comes for a while, and what the user has typed meanwhile, hence the locks.
 */
final class TerminalTurn implements DialogueListener, AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long SLOW_TOKEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** After it the user may have turned to another window. */
    private static final long LONG_REPLY_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final Duration TICK = Duration.ofMillis(250);
    private static final String ERASE_LINE = "\r\u001b[K";
    private static final String SAVE_CURSOR = "\u001b7";
    private static final String BACK_AND_ERASE = "\u001b8\u001b[K";
    private static final int RIGHT_MARGIN = 2;
    private static final String STOPPED = "[stopped]";

    private final Terminal terminal;
    private final PrintWriter writer;
    private final Theme theme;
    private final Supplier<List<String>> waiting;
    private final LongSupplier nanoTime;
    private final long begin;
    private final TextFlow flow;
    private final Thread ticker;
    private final SignalHandler resizeHandler;
    private final ReplyNotice notice;
    private long lastText;
    private int columns;
    private int promptDone;
    private int promptTotal;
    private boolean progressShown;
    private String tail = "";
    private boolean textShown;
    private boolean ended;

    /** @param waiting the messages that the user has typed since, oldest first */
    TerminalTurn(Terminal terminal, Theme theme, Supplier<List<String>> waiting, LongSupplier nanoTime) {
        this.terminal = terminal;
        writer = terminal.writer();
        this.theme = theme;
        this.waiting = waiting;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
        lastText = begin;
        columns = terminal.getWidth();
        notice = new ReplyNotice(this::write);
        flow = TextFlow.forReplies(TerminalGuard.isDumb(terminal) ? Theme.PLAIN : theme, columns - RIGHT_MARGIN);
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
        eraseTail();
        write(flow.push(PlainText.of(textShown ? text : text.stripLeading())));
        textShown = true;
        lastText = nanoTime.getAsLong();
    }

    /** Ends the reply's last line. */
    synchronized void finish(ReplyEnd end) {
        var rest = breakOff();
        boolean stopped = end == ReplyEnd.STOPPED;
        if (textShown) {
            write(rest + (stopped ? flow.separator(STOPPED.length()) + theme.dim(STOPPED) : "") + "\n");
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
            eraseTail();
            columns = now;
            flow.resize(now - RIGHT_MARGIN);
        }
    }

    private void tick() {
        try {
            while (showLife()) {
                Thread.sleep(TICK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the turn is over
        }
    }

    /** Whether there may be something to show later. */
    private synchronized boolean showLife() {
        if (ended) {
            return false;
        }
        long now = nanoTime.getAsLong();
        if (now - begin >= LONG_REPLY_NANOS) {
            notice.begin();
        }
        if (textShown) {
            showTail(now - lastText);
        } else if (now - begin >= PATIENCE_NANOS) {
            progressShown = true;
            var progress = StatusText.prefill(promptDone, promptTotal, TimeUnit.NANOSECONDS.toSeconds(now - begin));
            write(ERASE_LINE
                    + theme.dim(Columns.fit(progress + spaced(StatusText.waiting(waiting.get())), columns - 1)));
        }
        return true;
    }

    /** Behind the text so far, where the line has room for it. */
    private void showTail(long silentNanos) {
        var life =
                silentNanos >= SLOW_TOKEN_NANOS ? " \u2026 " + TimeUnit.NANOSECONDS.toSeconds(silentNanos) + " s" : "";
        var wanted = Columns.fit(life + spaced(StatusText.waiting(waiting.get())), flow.room());
        if (!wanted.equals(tail)) {
            eraseTail();
            tail = wanted;
            write(tail.isEmpty() ? "" : SAVE_CURSOR + theme.dim(tail));
        }
    }

    private static String spaced(String text) {
        return text.isEmpty() ? "" : "  " + text;
    }

    private void eraseTail() {
        if (!tail.isEmpty()) {
            tail = "";
            write(BACK_AND_ERASE);
        }
    }

    private String breakOff() {
        ended = true;
        eraseProgress();
        eraseTail();
        notice.end();
        return flow.finish();
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
