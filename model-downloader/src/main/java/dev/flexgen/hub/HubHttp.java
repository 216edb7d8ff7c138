package dev.flexgen.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/** Single requests: the token goes to the hub and nowhere else, silence ends, and redirects are for the caller. Safe for threads. */
final class HubHttp implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final String BUFFER_SIZE = "jdk.httpclient.bufsize";
    private static final int BUFFER_BYTES = 128 << 10;
    private static final long POLL_MILLIS = 100;

    private final HubSettings settings;
    private final Tuning tuning;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client;

    HubHttp(HubSettings settings, Tuning tuning) {
        this.settings = settings;
        this.tuning = tuning;
        if (System.getProperty(BUFFER_SIZE) == null) {
            // Four times less work for the same bytes than with the 16 KiB that it takes otherwise, and the one way to
            // say so.
            System.setProperty(BUFFER_SIZE, String.valueOf(BUFFER_BYTES));
        }
        this.client = HttpClient.newBuilder()
                // Several streams at once are several connections only in version 1.1.
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(Redirect.NEVER)
                .connectTimeout(CONNECT)
                .proxy(settings.proxies())
                .executor(threads)
                .build();
    }

    /**
     * Asks and waits.
     *
     * @param received grows with every byte that arrives
     * @throws TransientException if the network fails
     * @throws UncheckedIOException if the body's taker could not write it
     */
    <T> HttpResponse<T> get(URI uri, Map<String, String> headers, BodyHandler<T> body, LongSupplier received, Stop stop)
            throws TransientException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .setHeader("User-Agent", "flexgen-chat")
                .setHeader("Accept-Encoding", "identity");
        headers.forEach(request::setHeader);
        if (!settings.token().isEmpty() && isHub(uri)) {
            request.setHeader("Authorization", "Bearer " + settings.token());
        }
        // Not sendAsync, whose answers pass through the common pool, where a caller may sit that waits for them.
        Future<HttpResponse<T>> answer = threads.submit(() -> client.send(request.build(), body));
        try {
            return await(uri, answer, received, stop);
        } finally {
            answer.cancel(true);
        }
    }

    /** Whether an address is the hub's own: same scheme, same host, same port. */
    boolean isHub(URI uri) {
        URI hub = settings.endpoint();
        return Objects.equals(lower(uri.getScheme()), lower(hub.getScheme()))
                && Objects.equals(lower(uri.getHost()), lower(hub.getHost()))
                && port(uri) == port(hub);
    }

    private static String lower(String text) {
        return String.valueOf(text).toLowerCase(Locale.ROOT);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : "https".equals(lower(uri.getScheme())) ? 443 : 80;
    }

    private <T> HttpResponse<T> await(URI uri, Future<HttpResponse<T>> answer, LongSupplier received, Stop stop)
            throws TransientException {
        long last = received.getAsLong();
        long since = System.nanoTime();
        while (true) {
            try {
                return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                stop.check();
                long now = received.getAsLong();
                if (now != last) {
                    last = now;
                    since = System.nanoTime();
                } else if (System.nanoTime() - since > tuning.stall().toNanos()) {
                    throw new TransientException(uri.getHost() + " has sent nothing for " + seconds(tuning.stall()), e);
                }
            } catch (ExecutionException e) {
                throw translated(uri, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("the pull was interrupted");
            }
        }
    }

    private static String seconds(Duration time) {
        return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }

    private static TransientException translated(URI uri, ExecutionException failure) {
        String reason = uri.getHost() + " cannot be reached";
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            switch (cause) {
                case StoreWriteException disk -> throw new UncheckedIOException(disk);
                case UnresolvedAddressException _ -> reason = "the host " + uri.getHost() + " is not known";
                case IOException io when io.getMessage() != null -> reason = uri.getHost() + ": " + io.getMessage();
                case RuntimeException bug when !(bug instanceof CancellationException) -> throw bug;
                default -> {}
            }
        }
        return new TransientException(reason, failure);
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
        threads.close();
    }
}
