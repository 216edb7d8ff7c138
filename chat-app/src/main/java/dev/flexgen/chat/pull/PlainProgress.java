package dev.flexgen.chat.pull;

import dev.flexgen.config.PlainText;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A download as a line now and then, for a log or a terminal that cannot move its cursor. Owned by one thread. */
public final class PlainProgress implements PullDisplay {

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final PrintStream err;
    private final LongSupplier nanoTime;
    private long last;
    private String lastNote = "";

    public PlainProgress(PrintStream err, LongSupplier nanoTime) {
        this.err = err;
        this.nanoTime = nanoTime;
        this.last = nanoTime.getAsLong();
    }

    @Override
    public void show(PullState state) {
        if (!state.note().equals(lastNote)) {
            lastNote = state.note();
            if (!lastNote.isEmpty() && !lastNote.equals(PullState.ASKING)) { // which takes a moment
                print(state.model() + ": " + lastNote);
            }
        }
        if (state.files().isEmpty()) {
            return;
        }
        long now = nanoTime.getAsLong();
        if (now - last >= INTERVAL_NANOS) {
            last = now;
            print(text(state));
        }
    }

    @Override
    public void end(PullState state) {
        if (!state.files().isEmpty()) {
            print(text(state));
        }
    }

    static String text(PullState state) {
        String rate = ProgressText.rate(state.bytesPerSecond());
        long missing = state.totalBytes() - state.doneBytes();
        String left = missing > 0 ? ProgressText.timeLeft(missing, state.bytesPerSecond()) : "";
        return state.model() + ": " + ProgressText.percent(state.doneBytes(), state.totalBytes()) + " %, "
                + ProgressText.amount(state.doneBytes(), state.totalBytes()) + (rate.isEmpty() ? "" : ", " + rate)
                + (left.isEmpty() ? "" : ", " + left + " left");
    }

    private void print(String line) {
        err.print("flexgen-chat: " + PlainText.line(line) + "\n");
        err.flush();
    }
}
