package dev.flexgen.chat.demo;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The time of a demo as its audience has it: pauses may be skipped and yet count, and what is hidden takes none. Any thread.
 */
final class DemoClock {

    private final boolean fast;
    private long begin;
    private long shift;
    private long hiddenSince;
    private boolean begun;
    private boolean hidden;

    /** @param fast whether pauses are skipped */
    DemoClock(boolean fast) {
        this.fast = fast;
    }

    /** Whether pauses are skipped. */
    boolean isFast() {
        return fast;
    }

    /** Lets time pass. */
    void pause(Duration time) throws InterruptedException {
        if (fast) {
            synchronized (this) {
                shift += hidden ? 0 : time.toNanos();
            }
        } else if (!time.isZero()) {
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
        }
    }

    /** From here on time counts, or does not. */
    synchronized void hide(boolean wanted) {
        if (wanted && !hidden) {
            hiddenSince = System.nanoTime();
        } else if (!wanted && hidden) {
            shift -= System.nanoTime() - hiddenSince;
        }
        hidden = wanted;
    }

    /** Since this was first asked. */
    synchronized double seconds() {
        if (!begun) {
            begun = true;
            begin = System.nanoTime();
            shift = 0;
            hiddenSince = begin;
        }
        return ((hidden ? hiddenSince : System.nanoTime()) - begin + shift) / 1e9;
    }
}
