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
    private boolean ended;

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

    /** Takes bytes as they arrive, in buffers of its own, all of which come back to it. */
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

    /** Gathers what comes quickly: few large writes cost a fraction of many small ones. */
    private void copy(InputStream in, Sink sink) throws IOException {
        long length = connection.getContentLengthLong();
        long count = 0;
        ByteBuffer buffer = sink.buffer();
        long heldSince = System.nanoTime();
        try {
            for (int read = read(in, buffer); read >= 0; read = read(in, buffer)) {
                count += read;
                if (!buffer.hasRemaining() || System.nanoTime() - heldSince > HOLD_NANOS) {
                    write(sink, buffer);
                    buffer = sink.buffer();
                    heldSince = System.nanoTime();
                }
            }
        } finally {
            write(sink, buffer); // also of a connection that breaks
        }
        if (length > count) {
            throw new EOFException("the connection was closed after " + count + " of " + length + " bytes");
        }
    }

    private static int read(InputStream in, ByteBuffer buffer) throws IOException {
        int count = in.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
        buffer.position(buffer.position() + Math.max(count, 0));
        return count;
    }

    private void write(Sink sink, ByteBuffer bytes) throws IOException {
        writing.lock();
        try {
            if (ended) {
                throw new CancellationException("nobody waits for this answer any more");
            }
            sink.write(bytes.flip());
        } finally {
            writing.unlock();
        }
    }

    /** From here on no sink is called; an interruption does no harm. For the thread that has started it. */
    void end() {
        writing.lock();
        try {
            ended = true;
        } finally {
            writing.unlock();
        }
    }
}
