package dev.flexgen.hub;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * One request whose answer a virtual thread reads. That thread touches the network only, never a file, so that an interruption can end
 * whatever it waits for; the caller's thread takes what has come, in buffers that go to and fro, and never waits for long. Apart from
 * {@link #arrivedBytes}, for one caller.
 */
final class Exchange implements AutoCloseable {

    private static final long HOLD_NANOS = 50_000_000;
    private static final Duration LAST_WORDS = Duration.ofMillis(500);

    private final URI uri;
    private final HttpURLConnection connection;
    private final Thread reader;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<ByteBuffer> empty = new ArrayDeque<>();
    private final Deque<ByteBuffer> full = new ArrayDeque<>();
    private @Nullable HubAnswer head;
    private @Nullable Throwable failure;
    private boolean over;
    private boolean wanted;
    private boolean unwanted;
    private final AtomicLong arrivedBytes = new AtomicLong();

    private Exchange(URI uri, HttpURLConnection connection) {
        this.uri = uri;
        this.connection = connection;
        this.reader = Thread.ofVirtual().name("read " + uri.getHost()).unstarted(this::read);
    }

    /** Sends the request. */
    static Exchange start(URI uri, HttpURLConnection connection) {
        Exchange exchange = new Exchange(uri, connection);
        exchange.reader.start();
        return exchange;
    }

    /** What came of the answer's body so far. */
    long arrivedBytes() {
        return arrivedBytes.get();
    }

    /** Waits for the answer's head, for {@code patience} at most; null if there is none yet. */
    @SuppressWarnings("WaitNotInLoop") // the caller looks and comes back
    @Nullable
    HubAnswer head(Duration patience) throws IOException, InterruptedException {
        lock.lock();
        try {
            if (head == null && !over) {
                changed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
            }
            if (head == null && over) {
                throw failed();
            }
            return head;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a buffer to be filled; the body is read while there are any. */
    void offer(ByteBuffer buffer) {
        lock.lock();
        try {
            wanted = true;
            empty.addLast(buffer);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a buffer with bytes of the body, for {@code patience} at most; null if there is none yet or any more. */
    @SuppressWarnings("WaitNotInLoop") // the caller looks and comes back
    @Nullable
    ByteBuffer take(Duration patience) throws InterruptedException {
        lock.lock();
        try {
            if (full.isEmpty() && !over) {
                changed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
            }
            return full.pollFirst();
        } finally {
            lock.unlock();
        }
    }

    /** Whether every byte of the body was taken; fails if it broke off. */
    boolean taken() throws IOException {
        lock.lock();
        try {
            if (over && full.isEmpty() && failure != null) {
                throw failed();
            }
            return over && full.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private IOException failed() {
        return switch (failure) {
            case IOException broken -> broken;
            case StackOverflowError endless -> new IOException("its answer does not come to an end", endless);
            case Error bug -> throw bug;
            case RuntimeException strange -> new IOException(strange.getMessage(), strange);
            case null, default -> new IOException("the connection ended", failure);
        };
    }

    /** Ends the request and waits for that, not for long; what has come can still be taken. */
    void breakOff() throws InterruptedException {
        reader.interrupt();
        reader.join(LAST_WORDS);
    }

    /** A body that was not asked for stays unread, with its connection if it is long; anything else is ended, wherever it is. */
    @Override
    public void close() {
        lock.lock();
        try {
            unwanted = true;
            if (!over && (head == null || wanted)) {
                reader.interrupt();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void read() {
        @Nullable Throwable reason = null;
        try {
            int status = connection.getResponseCode();
            if (status < 0) {
                throw new IOException("its answer is not HTTP");
            }
            HubAnswer answer = new HubAnswer(uri, status, headers());
            InputStream raw = status < 400 ? connection.getInputStream() : connection.getErrorStream();
            try (InputStream in = raw == null ? InputStream.nullInputStream() : raw) {
                announce(answer);
                readBody(in, answer.isCompressed());
            }
        } catch (IOException | RuntimeException | Error e) {
            reason = e;
            connection.disconnect();
        } finally {
            end(reason);
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

    private void announce(HubAnswer answer) {
        lock.lock();
        try {
            head = answer;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void readBody(InputStream raw, boolean compressed) throws IOException {
        @Nullable ByteBuffer first = next();
        if (first == null) {
            return;
        }
        InputStream in = compressed ? new GZIPInputStream(raw) : raw;
        long length = compressed ? -1 : connection.getContentLengthLong();
        long count = 0;
        int read = 0;
        for (ByteBuffer buffer = first; buffer != null; buffer = read < 0 ? null : next()) {
            try {
                read = fill(buffer, in);
            } finally {
                count += buffer.position();
                pass(buffer.flip()); // when the connection breaks as well: what has come is worth keeping
            }
        }
        if (read < 0 && length > count) {
            throw new EOFException("the connection was closed after " + count + " of " + length + " bytes");
        }
        if (read >= 0) {
            connection.disconnect();
        }
    }

    /**
     * Takes what comes quickly, since few large writes cost a fraction of many small ones. Returns a negative number at the end of the
     * answer.
     */
    private int fill(ByteBuffer buffer, InputStream in) throws IOException {
        long start = System.nanoTime();
        int read = 0;
        while (read >= 0 && buffer.hasRemaining() && System.nanoTime() - start < HOLD_NANOS) {
            read = in.read(buffer.array(), buffer.arrayOffset() + buffer.position(), buffer.remaining());
            buffer.position(buffer.position() + Math.max(read, 0));
            arrivedBytes.addAndGet(Math.max(read, 0));
        }
        return read;
    }

    /** Waits for an empty buffer; null if nobody wants any more. */
    private @Nullable ByteBuffer next() {
        lock.lock();
        try {
            while (empty.isEmpty() && !unwanted) {
                changed.await();
            }
            return empty.pollFirst();
        } catch (InterruptedException unwantedToo) {
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void pass(ByteBuffer buffer) {
        lock.lock();
        try {
            full.addLast(buffer);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void end(@Nullable Throwable reason) {
        lock.lock();
        try {
            failure = reason;
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
