package dev.flexgen.hub;

import com.google.gson.JsonElement;
import com.sun.net.httpserver.HttpExchange;
import dev.flexgen.hub.FakeFaults.Fault;
import dev.flexgen.hub.FakeRepository.FakeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Writes a fake hub's answers, slowly or wrongly if told so, and counts their bytes. Safe for threads. */
public final class FakeSender implements AutoCloseable {

    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");
    private static final int CHUNK_BYTES = 256 << 10;

    private final FakeFaults faults;
    private final Map<String, AtomicLong> sent = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile long bytesPerSecond = Long.MAX_VALUE;

    FakeSender(FakeFaults faults) {
        this.faults = faults;
    }

    /** Slows each connection down. */
    public void bytesPerSecond(long rate) {
        bytesPerSecond = rate;
    }

    /** Bytes of a file that went out, over all requests. */
    public long sent(String path) {
        AtomicLong count = sent.get(path);
        return count == null ? 0 : count.get();
    }

    void status(HttpExchange exchange, int status, Map<String, String> headers) throws IOException {
        headers.forEach(exchange.getResponseHeaders()::set);
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    void error(HttpExchange exchange, int status, String code, String message) throws IOException {
        if (!code.isEmpty()) {
            exchange.getResponseHeaders().set("X-Error-Code", code);
        }
        status(exchange, status, Map.of("X-Error-Message", message));
    }

    void json(HttpExchange exchange, JsonElement json) throws IOException {
        byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
        exchange.sendResponseHeaders(200, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    void send(HttpExchange exchange, FakeFile file) throws IOException {
        long size = file.content().bytes();
        long from = 0;
        long to = size;
        int status = 200;
        Matcher range = RANGE.matcher(FakeHub.header(exchange, "Range"));
        if (range.matches() && !faults.take(Fault.IGNORE_RANGE, file.path())) {
            from = Long.parseLong(range.group(1));
            to = range.group(2).isEmpty() ? size : Math.min(size, Long.parseLong(range.group(2)) + 1);
            if (from >= size || faults.take(Fault.NO_SUCH_RANGE, file.path())) {
                status(exchange, 416, Map.of("Content-Range", "bytes */" + size));
                return;
            }
            status = 206;
            exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + size);
        }
        exchange.sendResponseHeaders(status, to == from ? -1 : to - from);
        if (body(exchange, file, from, to)) {
            exchange.getResponseBody().close(); // and not the exchange, which would close the connection
        } else {
            exchange.close();
        }
    }

    /** False if the rest is never to come. */
    private boolean body(HttpExchange exchange, FakeFile file, long from, long to) throws IOException {
        boolean drop = faults.take(Fault.DROP, file.path());
        boolean stall = !drop && faults.take(Fault.STALL, file.path());
        boolean corrupt = faults.take(Fault.CORRUPT, file.path());
        long end = drop || stall ? from + (to - from) / 2 : to;
        AtomicLong count = sent.computeIfAbsent(file.path(), _ -> new AtomicLong());
        long rate = bytesPerSecond;
        int chunk = Math.clamp(rate / 100, 1024, CHUNK_BYTES);
        OutputStream out = exchange.getResponseBody();
        long at = from;
        if (corrupt) {
            ByteBuffer first = ByteBuffer.allocate(1);
            file.content().read(first, at);
            out.write(first.get(0) ^ 1);
            count.incrementAndGet();
            at++;
        }
        while (at < end) {
            long next = Math.min(end, at + chunk);
            file.content().copy(out, at, next);
            count.addAndGet(next - at);
            if (rate != Long.MAX_VALUE) {
                out.flush();
                pause(TimeUnit.SECONDS.toNanos(1) * (next - at) / rate);
            }
            at = next;
        }
        if (stall) {
            out.flush();
            pause(Long.MAX_VALUE);
        }
        return end == to;
    }

    private void pause(long nanos) {
        try {
            if (closed.await(nanos, TimeUnit.NANOSECONDS)) {
                throw new IllegalStateException("the hub is closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
