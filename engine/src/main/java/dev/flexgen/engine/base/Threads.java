package dev.flexgen.engine.base;

/** Waiting for threads. */
public final class Threads {

    private Threads() {}

    /** Waits until {@code thread} has ended; an interrupt meanwhile is kept for the caller. */
    public static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
