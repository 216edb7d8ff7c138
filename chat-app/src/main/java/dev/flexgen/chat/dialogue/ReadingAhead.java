package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.Session;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Threads;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Has a session read the beginnings of prompts on a thread of its own, until a reply is wanted. The session is this one's alone
 * from the first {@link #want} until {@link #settle} returns. Off where a step takes so long to stop that it could delay a reply.
 */
final class ReadingAhead implements AutoCloseable {

    private static final long LOOK_MILLIS = 20;

    private final Session session;
    private final Pace pace;
    private final Thread thread;
    private int @Nullable [] wanted;
    private int[] read = new int[0];
    private @Nullable CancelToken running;
    private long lastStep;
    private boolean pausing;
    private boolean failed;
    private boolean closed;

    ReadingAhead(Session session, Pace pace) {
        this.session = session;
        this.pace = pace;
        thread = Thread.ofPlatform().name("flexgen-read-ahead").daemon().unstarted(this::run);
    }

    /** Whether reading ahead is worth anything here. */
    synchronized boolean useful() {
        return !failed && !closed && pace.stopsSoon();
    }

    /** From now on this is to be read; what is read at the moment goes on only as far as it is a part of it. */
    synchronized void want(int[] beginning) {
        if (!useful() || beginning.length == 0) {
            return;
        }
        if (running != null && !startsLikeRead(beginning, Math.min(session.aheadEnd(), read.length))) {
            running.cancel();
        }
        wanted = beginning;
        pausing = running != null;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        notifyAll();
    }

    /**
     * Ends the reading, for somebody who needs the session now: a step that the prompt can use comes to its end, any other is
     * cancelled.
     *
     * @param cancel of the one who waits
     */
    synchronized void settle(int[] prompt, CancelToken cancel) {
        wanted = null;
        pausing = true;
        boolean interrupted = false;
        while (running != null) {
            if (cancel.cancelled() || !startsLikeRead(prompt, Math.min(session.aheadEnd(), read.length))) {
                running.cancel();
            }
            try {
                wait(LOOK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        pausing = false;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * What of a prompt is read ahead if it comes now.
     *
     * @param known tokens that need no other step; at least one is left
     * @param running tokens of the step that runs and that the prompt waits for; 0 if there is none
     * @param share of that step that is left
     */
    record Head(int known, int running, double share) {}

    /** @param step what the machine does at the moment */
    synchronized Head head(int[] prompt, Activity.Step step) {
        if (running == null) {
            return new Head(session.known(prompt), 0, 0);
        }
        int mismatch = Arrays.mismatch(prompt, read);
        int same = mismatch < 0 ? prompt.length : mismatch;
        int end = session.aheadEnd();
        boolean useful = same >= end && step.layers() > 0;
        // The last tokens of a prompt are left to its own step, even where they have been read.
        int most = Math.max(0, prompt.length - Session.LEAST_AHEAD);
        int known = Math.clamp(useful ? end : Math.min(same, end - step.rows()), 0, most);
        return useful ? new Head(known, step.rows(), 1 - (double) step.layer() / step.layers()) : new Head(known, 0, 0);
    }

    private boolean startsLikeRead(int[] prompt, int count) {
        return prompt.length >= count && Arrays.equals(prompt, 0, count, read, 0, count);
    }

    private void run() {
        for (CancelToken cancel = next(); cancel != null; cancel = next()) {
            try {
                session.readAhead(read, this::goesOn, cancel);
            } catch (RuntimeException e) {
                failed(); // the reply meets the same and tells the user
            } finally {
                ended();
            }
        }
    }

    /** Waits for something to read; the token of reading it, or null when there will be nothing more. */
    private synchronized @Nullable CancelToken next() {
        while (wanted == null && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                return null; // nobody interrupts it; if somebody does, it shall end
            }
        }
        if (closed || wanted == null) {
            return null;
        }
        read = wanted;
        wanted = null;
        pausing = false;
        running = new CancelToken();
        lastStep = 0;
        return running;
    }

    /** Asked before each step, so that the time since the last is that of a step. */
    private synchronized boolean goesOn() {
        long now = System.nanoTime();
        if (lastStep != 0) {
            pace.learn((now - lastStep) / 1e9);
        }
        lastStep = now;
        return !pausing && !closed && pace.stopsSoon();
    }

    private synchronized void failed() {
        failed = true;
    }

    private synchronized void ended() {
        running = null;
        notifyAll();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (running != null) {
                running.cancel();
            }
            notifyAll();
        }
        Threads.joinUninterruptibly(thread);
    }
}
