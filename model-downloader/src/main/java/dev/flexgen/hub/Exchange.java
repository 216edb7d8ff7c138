package dev.flexgen.hub;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One request and the reading of its answer, on a virtual thread, where an interruption ends a wait for the network. The same
 * interruption would close a file that is being written, for all who use it; so whoever wants to interrupt says {@link #end} first,
 * after which nothing is written any more.
 */
final class Exchange<T> implements Callable<T> {

    private static final int BUFFER_BYTES = 64 << 10;
    private static final long HOLD_NANOS = 50_000_000;

    private final URI uri;
    private final HttpURLConnection connection;
    private final Reading<T> reading;
    private final ReentrantLock writing = new ReentrantLock();
    private @Nullable Gathering gathering;
    private boolean ended;

    /** Bytes that have come and are not written yet; the buffer belongs to the thread that reads, but for its first ones. */
    private static final class Gathering {
        private final Sink sink;
        private final ByteBuffer buffer;
        private volatile int count;

        private Gathering(Sink sink) {
            this.sink = sink;
            this.buffer = sink.buffer();
        }

        /**
         * Takes what comes quickly, since few large writes cost a fraction of many small ones. Returns a negative number at the end
         * of the answer.
         */
        private int fill(InputStream in) throws IOException {
            long start = System.nanoTime();
            int read = 0;
            while (read >= 0 && buffer.hasRemaining() && System.nanoTime() - start < HOLD_NANOS) {
                read = in.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
                buffer.position(buffer.position() + Math.max(read, 0));
                count = buffer.position();
            }
            return read;
        }

        private void write() throws IOException {
            sink.write(buffer.flip());
        }

        /** The same by another thread, while the buffer's own one may still wait for more. */
        private void writeCopy() throws IOException {
            ByteBuffer copy = sink.buffer();
            sink.write(copy.put(0, buffer, 0, count).limit(count));
        }
    }

    Exchange(URI uri, HttpURLConnection connection, Reading<T> reading) {
        this.uri = uri;
        this.connection = connection;
        this.reading = reading;
    }

    /** Makes something of an answer. A body that it does not ask for is dropped, with its connection if it is long. */
    @FunctionalInterface
    interface Reading<T> {
        T of(HubAnswer answer, Body body) throws IOException;
    }

    /** Takes bytes as they arrive, in buffers of its own, which come back to it unless the request is given up. */
    @FunctionalInterface
    interface Sink {
        /** Takes what a buffer holds; nothing, at times. */
        void write(ByteBuffer bytes) throws IOException;

        /** An empty one on an array. */
        default ByteBuffer buffer() {
            return ByteBuffer.allocate(BUFFER_BYTES);
        }
    }

    /** The bytes of an answer that is a success. */
    @FunctionalInterface
    interface Body {
        /** Hands on all of them; fails if they end too early, or if the sink cannot take them. */
        void copyTo(Sink sink) throws IOException;
    }

    @Override
    public T call() throws IOException {
        boolean whole = false;
        try {
            int status = connection.getResponseCode();
            HubAnswer answer = new HubAnswer(uri, status, headers());
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                T result = reading.of(answer, sink -> copy(in, sink));
                whole = true;
                return result;
            }
        } finally {
            if (!whole) {
                connection.disconnect();
            }
        }
    }

    private Map<String, List<String>> headers() {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        connection.getHeaderFields().forEach((name, values) -> {
            if (name != null) { // the status line is among them, without a name
                headers.put(name, values);
            }
        });
        return headers;
    }

    private void copy(InputStream in, Sink sink) throws IOException {
        long length = connection.getContentLengthLong();
        long count = 0;
        int filled;
        do {
            Gathering bytes = gather(sink);
            try {
                filled = bytes.fill(in);
            } catch (IOException broken) {
                write(bytes); // what has come is worth keeping
                throw broken;
            }
            count += bytes.count;
            write(bytes);
        } while (filled >= 0);
        if (length > count) {
            throw new EOFException("the connection was closed after " + count + " of " + length + " bytes");
        }
    }

    private Gathering gather(Sink sink) {
        Gathering bytes = new Gathering(sink);
        writing.lock();
        try {
            gathering = bytes;
        } finally {
            writing.unlock();
        }
        return bytes;
    }

    private void write(Gathering bytes) throws IOException {
        writing.lock();
        try {
            if (ended) {
                throw new CancellationException("nobody waits for this answer any more");
            }
            gathering = null;
            bytes.write();
        } finally {
            writing.unlock();
        }
    }

    /** Whether a sink has bytes in hand, so that no news of the network means nothing. */
    boolean isWriting() {
        return writing.isLocked();
    }

    /**
     * Writes what has come so far; from here on no sink is called, and an interruption does no harm. For the thread that has started
     * it.
     */
    void end() {
        writing.lock();
        try {
            Gathering bytes = gathering;
            if (!ended && bytes != null) {
                bytes.writeCopy();
            }
        } catch (IOException lost) {
            // It will be fetched again, and then the disk's failure is nobody else's.
        } finally {
            ended = true;
            writing.unlock();
        }
    }
}
