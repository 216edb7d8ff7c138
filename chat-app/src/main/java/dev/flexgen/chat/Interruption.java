package dev.flexgen.chat;

import dev.flexgen.engine.base.CancelToken;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C outside the interactive chat. The JVM answers SIGINT by running its shutdown hooks and exiting with 130; the hook
 * here cancels what is running and gives the main thread the moment it needs to print what was said so far. Work that no
 * token can stop, such as opening a model, ends at once. Owned by the main thread; {@link #stop} runs on the hook's.
 */
public final class Interruption {

    private static final long GRACE_SECONDS = 5;

    private final CountDownLatch finished = new CountDownLatch(1);
    private @Nullable CancelToken running;
    private @Nullable Runnable stopAction;
    private boolean reading;
    private boolean stopped;

    /** A token that is cancelled when the user interrupts, before or after this call. One use, as tokens are. */
    public synchronized CancelToken token() {
        var token = new CancelToken();
        running = token;
        stopAction = null;
        if (stopped) {
            token.cancel();
        }
        return token;
    }

    /** What to do when the user interrupts, instead of cancelling a token; done at once where that has happened already. */
    public synchronized void onStop(Runnable action) {
        running = null;
        stopAction = action;
        if (stopped) {
            action.run();
        }
    }

    /** There is nothing to stop any more. */
    public synchronized void nothingToStop() {
        running = null;
        stopAction = null;
    }

    /** Whether the process is on its way out. */
    public synchronized boolean stopped() {
        return stopped;
    }

    /** The same input, which ends when the user interrupts; while the program waits for it, there is nothing to wait for. */
    public InputStream guard(InputStream input) {
        return new GuardedInput(input);
    }

    /** To be called by the main thread when all output is written. */
    void finished() {
        finished.countDown();
    }

    /** Cancels what runs and waits until its output is written. Does nothing when the program has finished anyway. */
    void stop() {
        if (finished.getCount() == 0 || !cancelRunning()) {
            return;
        }
        try {
            finished.await(GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException again) {
            Thread.currentThread().interrupt();
        }
    }

    /** The user interrupts a program that is not the process itself: cancels what runs, and does not wait for its end. */
    public void interrupt() {
        cancelRunning();
    }

    private synchronized boolean cancelRunning() {
        stopped = true;
        if (reading || (running == null && stopAction == null)) {
            return false;
        }
        if (running != null) {
            running.cancel();
        }
        if (stopAction != null) {
            stopAction.run();
        }
        return true;
    }

    /** Says whether the main thread waits for input; false as the answer means that it should not. */
    private synchronized boolean reading(boolean now) {
        reading = now;
        return !stopped;
    }

    private final class GuardedInput extends FilterInputStream {

        GuardedInput(InputStream input) {
            super(input);
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return reading(true) ? super.read(bytes, offset, length) : -1;
            } finally {
                reading(false);
            }
        }
    }
}
