package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.repl.render.ControlCharacters;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.repl.render.WordWrap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jline.terminal.Terminal;

/** Shows one turn on the terminal while it is made. Owned by the chat's thread. */
final class TerminalTurn implements DialogueListener {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String ERASE_LINE = "\r\u001b[K";
    private static final int RIGHT_MARGIN = 2;

    private final Terminal terminal;
    private final Theme theme;
    private final LongSupplier nanoTime;
    private final long begin;
    private final WordWrap wrap;
    private boolean progressShown;
    private boolean textShown;

    TerminalTurn(Terminal terminal, Theme theme, LongSupplier nanoTime) {
        this.terminal = terminal;
        this.theme = theme;
        this.nanoTime = nanoTime;
        begin = nanoTime.getAsLong();
        wrap = new WordWrap(terminal.getWidth() - RIGHT_MARGIN);
    }

    @Override
    public void onEvent(DialogueEvent event) {
        eraseProgress();
        write(theme.dim(StatusText.event(event)) + "\n");
    }

    @Override
    public void onPrefill(int doneTokens, int totalTokens) {
        // A terminal that cannot erase a line would be left with the numbers of the past.
        if (nanoTime.getAsLong() - begin >= PATIENCE_NANOS && !TerminalGuard.isDumb(terminal)) {
            progressShown = true;
            write(ERASE_LINE + theme.dim(StatusText.prefill(doneTokens, totalTokens)));
        }
    }

    @Override
    public void onText(String text) {
        eraseProgress();
        write(wrap.push(ControlCharacters.neutralise(text)));
        textShown = true;
    }

    /** Ends the reply's last line. */
    void finish(ReplyEnd end) {
        var rest = breakOff();
        var mark = end == ReplyEnd.STOPPED ? theme.dim("[stopped]") : "";
        if (textShown) {
            write(rest + (mark.isEmpty() ? "" : " " + mark) + "\n");
        } else {
            write((mark.isEmpty() ? theme.dim("[no reply]") : mark) + "\n");
        }
    }

    /** Leaves the cursor where an error message can follow. */
    void fail() {
        var rest = breakOff();
        write(textShown ? rest + "\n" : "");
    }

    private String breakOff() {
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
