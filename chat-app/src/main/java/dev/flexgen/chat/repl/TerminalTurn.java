package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.ControlCharacters;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.repl.render.WordWrap;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jline.terminal.Terminal;

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
    private final Theme theme;
    private final LongSupplier nanoTime;
    private final long begin;
    private final WordWrap wrap;
    private final Thread ticker;
    private int promptDone;
    private int promptTotal;
    private boolean progressShown;
    private boolean textShown;
    private boolean ended;

    TerminalTurn(Terminal terminal, Theme theme, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.theme = theme;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
        wrap = new WordWrap(terminal.getWidth() - RIGHT_MARGIN);
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
        write(wrap.push(ControlCharacters.neutralise(text)));
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
            write(ERASE_LINE + theme.dim(progress));
        }
        return !ended && !textShown;
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
        terminal.writer().write(text);
        terminal.flush();
    }
}
