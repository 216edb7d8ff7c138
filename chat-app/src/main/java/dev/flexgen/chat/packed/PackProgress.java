package dev.flexgen.chat.packed;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.store.PackListener;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Shows how packing goes: on a terminal one line that changes, else a line now and then. Owned by the thread that packs. */
final class PackProgress implements PackListener, AutoCloseable {

    private static final String ERASE_LINE = "\r\u001b[K";
    private static final long TERMINAL_NANOS = 200_000_000;
    private static final long LOG_NANOS = 10_000_000_000L;

    /** Where it is shown. */
    enum Display {
        TERMINAL,
        LINES,
        NONE
    }

    private final PrintStream out;
    private final String what;
    private final Display display;
    private final LongSupplier nanos;
    private final long begin;
    private long firstDone = -1;
    private long last;
    private boolean shown;

    /** @param what is packed, as in "opt-66b in q4" */
    PackProgress(PrintStream out, String what, Display display, LongSupplier nanos) {
        this.out = out;
        this.what = what;
        this.display = display;
        this.nanos = nanos;
        this.begin = nanos.getAsLong();
        this.last = begin;
    }

    @Override
    public void progress(long done, long total) {
        long now = nanos.getAsLong();
        if (firstDone < 0) {
            firstDone = done; // an interrupted run has done some before
        }
        long every = display == Display.TERMINAL ? TERMINAL_NANOS : LOG_NANOS;
        if (display == Display.NONE || now - last < every) {
            return;
        }
        last = now;
        String line = String.format(
                Locale.ROOT,
                "packing %s: %d %% of %s%s",
                what,
                100 * done / Math.max(1, total),
                Bytes.format(total),
                left(done - firstDone, total - done, (now - begin) / 1e9));
        out.print(display == Display.TERMINAL ? ERASE_LINE + line : "flexgen-chat: " + line + "\n");
        out.flush();
        shown = true;
    }

    private static String left(long done, long open, double seconds) {
        if (done <= 0 || seconds < 1) {
            return "";
        }
        long left = Math.round(open * seconds / done);
        return left < 60 ? ", " + left + " s left" : ", " + Math.ceilDiv(left, 60L) + " min left";
    }

    @Override
    public void waiting() {
        if (display != Display.NONE) {
            out.print("flexgen-chat: another program is packing " + what + "; waiting for it\n");
            out.flush();
        }
    }

    @Override
    public void close() {
        if (shown && display == Display.TERMINAL) {
            out.print(ERASE_LINE);
            out.flush();
        }
    }
}
