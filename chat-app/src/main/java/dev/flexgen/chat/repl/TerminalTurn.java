package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.chat.repl.render.StatusLine;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.TextFlow;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.NotifyChoice;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.ThoughtsChoice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;

/**
 * Shows one turn on the terminal while it is made. The chat's thread tells it what happens; a thread of its own shows that
 * something still does when nothing comes for a while, and the keyboard's thread what the user has typed meanwhile, hence the
 * locks.
 */
final class TerminalTurn implements DialogueListener, AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long SLOW_TOKEN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** After it the user may have turned to another window. */
    private static final long LONG_REPLY_NANOS = TimeUnit.SECONDS.toNanos(20);

    /** More often, nobody could read what changes, and making it costs more than the words of a quick reply. */
    private static final long STATUS_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** Keys that come faster than this are a paste. */
    private static final long PASTE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final Duration TICK = Duration.ofMillis(250);
    private static final int RIGHT_MARGIN = 2;

    /** A lower window is for the reply alone. */
    private static final int LEAST_HEIGHT = 5;

    private static final String STOPPED = "[stopped]";

    /**
     * How a turn is shown.
     *
     * @param status whether there is a status line
     * @param thoughts how what comes before the answer is shown
     * @param atEnd how the user is told that it has ended, if it took long
     */
    record Look(Theme theme, boolean status, ThoughtsChoice thoughts, NotifyChoice atEnd) {}

    private final TurnWriter out;
    private final Terminal terminal;
    private final Look look;
    private final TypedAhead typed;
    private final ReplyMeter meter;
    private final LongSupplier nanoTime;
    private final long begin;
    private final TextFlow flow;
    private final LiveFooter footer;
    private final Thread ticker;
    private final SignalHandler resizeHandler;
    private final ReplyNotice notice;
    private final boolean dumb;
    private long lastText;
    private int columns;
    private int rows;
    private String status = "";
    private long statusAt;
    private long typedAt;
    private List<String> previews = List.of();
    private boolean textShown;
    private boolean ended;
    private boolean away;

    /** @param out where it is shown */
    TerminalTurn(
            TurnWriter out, Terminal terminal, Look look, TypedAhead typed, ReplyMeter meter, LongSupplier nanoTime) {
        this.out = out;
        this.terminal = terminal;
        this.look = look;
        this.typed = typed;
        this.meter = meter;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
        lastText = begin;
        statusAt = begin - STATUS_NANOS;
        typedAt = begin - PASTE_NANOS;
        columns = terminal.getWidth();
        rows = terminal.getHeight();
        dumb = TerminalGuard.isDumb(terminal);
        notice = new ReplyNotice(out::write, look.atEnd());
        footer = new LiveFooter(look.theme());
        flow = TextFlow.forReplies(dumb ? Theme.PLAIN : look.theme(), look.thoughts(), columns - RIGHT_MARGIN);
        resizeHandler = terminal.handle(Signal.WINCH, _ -> resize());
        ticker = Thread.ofVirtual().name("progress").unstarted(this::tick);
        // A terminal that cannot erase a line would be left with the numbers of the past.
        if (!dumb) {
            typed.onChange(this::typed);
            ticker.start();
        }
    }

    @Override
    public synchronized void onEvent(DialogueEvent event) {
        out.write(footer.erase() + look.theme().dim(StatusText.event(event)) + "\n");
    }

    @Override
    public synchronized void onPrompt(int tokens) {
        meter.prompt(tokens);
    }

    @Override
    public synchronized void onPrefill(int doneTokens, int totalTokens) {
        meter.read(doneTokens, totalTokens);
    }

    @Override
    public synchronized void onToken() {
        meter.token();
        flow.token();
    }

    @Override
    public synchronized void onThoughts() {
        flow.thinking();
    }

    @Override
    public synchronized void onText(String text) {
        String shown = flow.push(PlainText.of(textShown ? text : text.stripLeading()));
        textShown = true;
        lastText = nanoTime.getAsLong();
        boolean inRow = flow.room() > 0 && shown.indexOf('\n') < 0;
        out.write(inRow && footerStays() ? shown : footer.follow(shown, inRow, content()));
    }

    /**
     * Whether there is nothing new to show around the text, as with most words of a quick reply: to find that out anew each time costs
     * as much as the words. What is typed is shown when it is typed.
     */
    private boolean footerStays() {
        if (dumb || ended || away || !flow.hidden().isEmpty() || !previews.isEmpty()) {
            return false;
        }
        boolean statusIsDue = look.status() && lastText - statusAt >= STATUS_NANOS;
        return footer.isBelow() ? !statusIsDue : !footer.isThere() && lastText - begin < PATIENCE_NANOS;
    }

    /** Ends the reply's last line. */
    synchronized void finish(ReplyEnd end) {
        var rest = breakOff();
        boolean stopped = end == ReplyEnd.STOPPED;
        if (textShown) {
            out.write(rest
                    + (stopped ? flow.separator(STOPPED.length()) + look.theme().dim(STOPPED) : "") + "\n");
        } else {
            out.write(rest + look.theme().dim(stopped ? STOPPED : "[no reply]") + "\n");
        }
    }

    /** Ends it where what was made is shown by somebody else. */
    synchronized void finishSilently(ReplyEnd end) {
        out.write(breakOff() + (end == ReplyEnd.STOPPED ? look.theme().dim(STOPPED) + "\n" : ""));
    }

    @Override
    public synchronized void onPreviews(List<String> texts) {
        previews = texts;
    }

    /** Leaves the cursor where an error message can follow. */
    synchronized void fail() {
        var rest = breakOff();
        out.write(textShown ? rest + "\n" : rest);
    }

    /** However it ended. */
    synchronized void over() {
        ended = true;
    }

    /** Whether the reply is still being made. */
    synchronized boolean goesOn() {
        return !ended;
    }

    /** Somebody else takes the screen; text is kept until {@link #comeBack}. */
    synchronized void leave() {
        out.write(footer.erase());
        away = true;
        out.leave();
    }

    /** The screen is as it was when it was taken, but perhaps of another size. */
    void comeBack() {
        out.comeBack();
        synchronized (this) {
            away = false;
        }
        resize();
    }

    @Override
    public void close() {
        typed.onChange(() -> {});
        ticker.interrupt();
        terminal.handle(Signal.WINCH, resizeHandler == null ? SignalHandler.SIG_DFL : resizeHandler);
    }

    private void resize() {
        int newColumns = terminal.getWidth(); // takes a moment, for which the reply need not wait
        int newRows = terminal.getHeight();
        synchronized (this) {
            out.write(footer.eraseResized());
            columns = newColumns;
            rows = newRows;
            statusAt = nanoTime.getAsLong() - STATUS_NANOS;
            flow.resize(newColumns - RIGHT_MARGIN);
        }
    }

    /** A key was pressed; who types wants to see it at once. */
    private synchronized void typed() {
        long now = nanoTime.getAsLong();
        boolean pasting = now - typedAt < PASTE_NANOS;
        typedAt = now;
        if (!ended && !pasting) {
            out.write(footer());
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
        if (nanoTime.getAsLong() - begin >= LONG_REPLY_NANOS) {
            notice.begin();
        }
        out.write(footer());
        return true;
    }

    /** What to send so that the footer is what it should be at this moment. */
    private String footer() {
        return footer.show(content());
    }

    private LiveFooter.Content content() {
        if (dumb || ended || away) {
            return LiveFooter.Content.NONE;
        }
        long now = nanoTime.getAsLong();
        boolean patient = now - begin < PATIENCE_NANOS;
        String waiting = StatusText.waiting(typed.waiting());
        String life = textShown
                ? flow.hidden() + silence(now - lastText)
                : !previews.isEmpty() ? previews.size() + " answers at once" : patient ? "" : meter.waiting();
        String tail = life + spaced(waiting);
        int room = textShown ? flow.room() : columns - 1;
        List<String> below = new ArrayList<>();
        if (Columns.of(tail) > room) {
            tail = Columns.fit(life, room);
            below.add(Columns.fit(waiting, columns - 1));
        }
        for (int i = 0; i < Math.min(previews.size(), rows - LEAST_HEIGHT); i++) {
            below.add(Columns.fit(i + 1 + "  " + lastWords(previews.get(i)), columns - 1));
        }
        below.add(patient ? "" : status(now));
        below.removeIf(String::isEmpty);
        return new LiveFooter.Content(tail, rows < LEAST_HEIGHT ? List.of() : below);
    }

    private String lastWords(String text) {
        String line = PlainText.line(text);
        int from = Math.max(0, line.length() - Math.max(8, columns - 8));
        return line.substring(line.offsetByCodePoints(from, 0));
    }

    private static String silence(long nanos) {
        return nanos < SLOW_TOKEN_NANOS ? "" : " \u2026 " + TimeUnit.NANOSECONDS.toSeconds(nanos) + " s";
    }

    private String status(long now) {
        if (look.status() && now - statusAt >= STATUS_NANOS) {
            statusAt = now;
            status = StatusLine.of(meter.status(), columns - 1);
        }
        return status;
    }

    private static String spaced(String text) {
        return text.isEmpty() ? "" : "  " + text;
    }

    private String breakOff() {
        ended = true;
        out.write(footer.erase());
        notice.end();
        return flow.finish();
    }
}
