package dev.flexgen.hub;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What was written into a file last, kept in memory for a reader close behind: reading it back from the system costs as much as
 * hashing it. Keeps one run of bytes; what does not continue it, or has no room, is in the file only. Never makes more buffers than its
 * streams, the reader and the run hold together. Safe for threads.
 */
final class RecentBytes {

    private static final int BUFFER_BYTES = 512 << 10;
    private static final int MOST_CHUNKS = 6;
    private static final long PATIENCE_MILLIS = 100;

    private final Deque<Chunk> run = new ArrayDeque<>();
    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private boolean readerHere;

    private record Chunk(long position, ByteBuffer bytes) {
        private long end() {
            return position + bytes.remaining();
        }
    }

    /** An empty buffer, to be given back by {@link #add} or {@link #free}. */
    synchronized ByteBuffer buffer() {
        ByteBuffer used = free.pollFirst();
        return used == null ? ByteBuffer.allocate(BUFFER_BYTES) : used.clear();
    }

    synchronized void free(ByteBuffer buffer) {
        free.addFirst(buffer); // the one that is still in the processor's cache
    }

    /**
     * Takes a buffer, and keeps its bytes if it can. If the reader is at this run and only has to make room, waits for a moment: one
     * that once falls behind would never find anything here again.
     */
    synchronized void add(long position, ByteBuffer bytes) {
        if (continues(position) && awaitRoom() && continues(position)) {
            run.addLast(new Chunk(position, bytes));
        } else {
            free.addFirst(bytes);
        }
    }

    private boolean continues(long position) {
        return run.isEmpty() || run.getLast().end() == position;
    }

    private boolean awaitRoom() {
        long deadline = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
        while (run.size() >= MOST_CHUNKS) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (!readerHere || millis <= 0) {
                return false;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    /** Wakes the reader: what was added can be read now. */
    synchronized void announce() {
        notifyAll();
    }

    /** Waits for an announcement, not for long. */
    @SuppressWarnings("WaitNotInLoop")
    synchronized void await() throws InterruptedException {
        wait(20);
    }

    /** The bytes from a position on, in a buffer to be given back; null if they are not here. What is before them is forgotten. */
    synchronized @Nullable ByteBuffer take(long position) {
        while (!run.isEmpty() && run.getFirst().end() <= position) {
            free.addFirst(run.removeFirst().bytes());
        }
        notifyAll();
        Chunk first = run.peekFirst();
        readerHere = first == null || first.position() <= position;
        if (first == null || !readerHere) {
            return null;
        }
        run.removeFirst();
        return first.bytes().position(first.bytes().position() + (int) (position - first.position()));
    }

    synchronized void clear() {
        run.forEach(chunk -> free.addFirst(chunk.bytes()));
        run.clear();
    }
}
