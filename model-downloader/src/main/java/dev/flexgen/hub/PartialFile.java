package dev.flexgen.hub;

import dev.flexgen.hub.Intervals.Interval;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file that is being fetched in pieces, and how far each piece is. A stream that would leave more than
 * {@link Tuning#rangeBytes} written but not recorded as finished records first, which bounds what a crash costs, but for a last write
 * of each stream. Safe for threads. The bytes lie under a name that no program takes for a finished file.
 */
final class PartialFile implements AutoCloseable {

    private final RemoteFile remote;
    private final Path file;
    private final PartialRecord record;
    private final Tuning tuning;
    private final FileChannel channel;

    /** The system lets one write at a time into a file and has the others spin; here they wait without using a core. */
    private final ReentrantLock writing = new ReentrantLock();

    private final ReentrantLock recording = new ReentrantLock();
    private final RecentBytes recent = new RecentBytes();
    private final Intervals written = new Intervals();
    private final Deque<Interval> todo = new ArrayDeque<>();
    private final Set<Piece> active = new LinkedHashSet<>();
    private long recorded;

    /** A part of the file that one stream fetches. */
    final class Piece {
        private final long to;
        private long at;

        private Piece(Interval interval) {
            this.at = interval.from();
            this.to = interval.to();
        }

        /** Where the next byte belongs. */
        long at() {
            synchronized (PartialFile.this) {
                return at;
            }
        }

        /** The byte after the last one. */
        long to() {
            return to;
        }

        boolean complete() {
            return at() >= to;
        }

        /** For the bytes to write next. */
        ByteBuffer buffer() {
            return recent.buffer();
        }

        /** Writes what came, which must not be more than the piece has room for, and takes the buffer back. */
        void write(ByteBuffer bytes) throws IOException {
            if (!bytes.hasRemaining()) {
                recent.free(bytes);
                return;
            }
            if (unrecordedBytes() + bytes.remaining() > tuning.rangeBytes()) {
                record(); // the recorder cannot keep up with the network
            }
            long position = at();
            writing.lock();
            try {
                for (ByteBuffer left = bytes.duplicate(); left.hasRemaining(); ) {
                    channel.write(left, position + left.position() - bytes.position());
                }
            } finally {
                writing.unlock();
            }
            long end = position + bytes.remaining();
            recent.add(position, bytes);
            advance(this, end);
            recent.announce();
        }
    }

    private PartialFile(RemoteFile remote, Path file, PartialRecord record, Tuning tuning) throws IOException {
        this.remote = remote;
        this.file = file;
        this.record = record;
        this.tuning = tuning;
        this.channel = tuning.opener().open(file);
    }

    /** Takes up what an earlier run has finished. */
    static PartialFile open(RemoteFile remote, Path file, Tuning tuning) throws IOException {
        PartialRecord record = recordOf(remote, file);
        Intervals finished = SharedStore.keepOwn(file) ? finished(remote, file) : new Intervals();
        PartialFile partial = new PartialFile(remote, file, record, tuning);
        partial.begin(finished);
        return partial;
    }

    /** The bytes that an earlier run has finished. */
    static long finishedBytes(RemoteFile remote, Path file) throws IOException {
        return finished(remote, file).bytes();
    }

    /** A record without its file, or with less of it than it says, is worth nothing. */
    private static Intervals finished(RemoteFile remote, Path file) throws IOException {
        Intervals finished = recordOf(remote, file).read();
        long end = finished.list().isEmpty() ? 0 : finished.list().getLast().to();
        boolean backed = SharedStore.isFile(file) && Files.size(file) >= end && end <= remote.bytes();
        return backed ? finished : new Intervals();
    }

    private static PartialRecord recordOf(RemoteFile remote, Path file) {
        return new PartialRecord(file.resolveSibling(file.getFileName() + ".record"), remote);
    }

    private synchronized void begin(Intervals finished) {
        recent.clear();
        written.clear();
        finished.list().forEach(interval -> written.add(interval.from(), interval.to()));
        recorded = written.bytes();
        active.clear();
        todo.clear();
        todo.addAll(written.gaps(remote.bytes(), tuning.pieceBytes()));
    }

    /** Forgets everything; the next piece is the first one, or the whole file if it must come in one stream. */
    synchronized void restart(Delivery delivery) throws IOException {
        record.delete();
        channel.truncate(0);
        begin(new Intervals());
        if (delivery == Delivery.ONE_STREAM && remote.bytes() > 0) {
            todo.clear();
            todo.add(new Interval(0, remote.bytes()));
        }
    }

    /** How a server gives a file away. */
    enum Delivery {
        /** In pieces. */
        PIECES,
        /** As a whole only. */
        ONE_STREAM
    }

    /** The next piece to ask for; empty if there is none. */
    synchronized Optional<Piece> take() {
        Interval next = todo.pollFirst();
        if (next == null) {
            return Optional.empty();
        }
        Piece piece = new Piece(next);
        active.add(piece);
        return Optional.of(piece);
    }

    private synchronized void advance(Piece piece, long position) {
        if (active.contains(piece)) { // not after a restart
            written.add(piece.at, position);
            piece.at = position;
            if (position >= piece.to || unrecordedBytes() >= tuning.recordBytes()) {
                notifyAll(); // not for every few bytes: whoever waits looks by itself now and then
            }
        }
    }

    /** Ends a piece, complete or not. */
    synchronized void release(Piece piece) {
        if (active.remove(piece) && piece.at < piece.to) {
            todo.addFirst(new Interval(piece.at, piece.to));
        }
        notifyAll();
    }

    /** Whether every byte is written. */
    synchronized boolean complete() {
        return written.bytes() == remote.bytes();
    }

    synchronized long writtenBytes() {
        return written.bytes();
    }

    /** The bytes from the beginning on that are written without a gap. */
    synchronized long prefix() {
        return written.prefix();
    }

    private synchronized long unrecordedBytes() {
        return written.bytes() - recorded;
    }

    /** Whether it is time to record. */
    synchronized boolean recordIsDue() {
        long fresh = unrecordedBytes();
        return fresh >= tuning.recordBytes() || (fresh > 0 && todo.isEmpty() && active.isEmpty());
    }

    /** Waits for something to change, for a moment only; the caller looks and comes back. */
    @SuppressWarnings("WaitNotInLoop")
    synchronized void awaitChange() throws InterruptedException {
        wait(20);
    }

    /** Forces what is written to the disk and then says so in the record. */
    void record() throws IOException {
        recording.lock();
        try {
            Intervals claimed;
            synchronized (this) {
                claimed = written.copy();
            }
            channel.force(false);
            synchronized (this) {
                if (written.bytes() >= claimed.bytes()) { // else it has been restarted meanwhile
                    record.write(claimed);
                    recorded = claimed.bytes();
                    notifyAll();
                }
            }
        } finally {
            recording.unlock();
        }
    }

    /**
     * Reads from a position on, where bytes must be written; for one reader, who comes from the beginning. The buffer is to be given
     * back with {@link #free}.
     */
    ByteBuffer read(long position, long most) throws IOException {
        ByteBuffer bytes = recent.take(position);
        if (bytes == null) {
            bytes = recent.buffer();
            bytes.limit((int) Math.min(bytes.capacity(), most));
            if (channel.read(bytes, position) < 0) {
                throw new IOException("a file has become shorter while it was read");
            }
            bytes.flip();
        }
        return bytes;
    }

    /** Waits for bytes to read, for a moment only; the caller looks and comes back. */
    void awaitBytes() throws InterruptedException {
        recent.await();
    }

    void free(ByteBuffer buffer) {
        recent.free(buffer);
    }

    /** Makes it the file that it should be, for good. */
    void publish(Path target) throws IOException {
        channel.truncate(remote.bytes());
        channel.force(true);
        DurableFiles.move(file, target);
        record.delete();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
