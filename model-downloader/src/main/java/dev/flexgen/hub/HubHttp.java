package dev.flexgen.hub;

import dev.flexgen.hub.Exchange.Reading;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URLConnection;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import javax.net.ssl.HttpsURLConnection;

/**
 * Single requests: the token goes to the hub and nowhere else, silence ends, and redirects are for the caller. Safe for threads.
 *
 * <p>Built on {@link HttpURLConnection}, because {@code java.net.http.HttpClient} spends three seconds of processor time on a GiB
 * before a byte of it is written, which is more than a fast line leaves (docs/BENCHMARKS.md).
 */
final class HubHttp implements AutoCloseable {

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final String MOST_IDLE = "http.maxConnections";
    private static final String KEPT_FROM_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";
    private static final String KEPT_FROM_OTHERS = "jdk.http.auth.proxying.disabledSchemes";
    private static final long POLL_MILLIS = 100;

    private final HubSettings settings;
    private final Tuning tuning;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    HubHttp(HubSettings settings, Tuning tuning) {
        this.settings = settings;
        this.tuning = tuning;
        // There is no other way to say these things. All but five of the streams would connect anew for every piece;
        setUnlessSet(MOST_IDLE, String.valueOf(tuning.streamsPerFile() * tuning.filesAtOnce()));
        // a proxy would not be sent the most usual kind of password before it opens a tunnel;
        setUnlessSet(KEPT_FROM_TUNNELS, "");
        // and whoever answers from the other end of the tunnel as if he were the proxy would be.
        System.setProperty(KEPT_FROM_OTHERS, "Basic,Digest,NTLM,Negotiate,Kerberos");
    }

    private static void setUnlessSet(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /**
     * Asks and waits.
     *
     * @param received grows with every byte that arrives
     * @throws TransientException if the network fails
     * @throws UncheckedIOException if the bytes could not be written
     */
    <T> T get(URI uri, Map<String, String> headers, Reading<T> reading, LongSupplier received, Stop stop)
            throws TransientException {
        Exchange<T> exchange = new Exchange<>(uri, open(uri, headers), reading);
        Future<T> answer = threads.submit(exchange);
        try {
            return await(uri, exchange, answer, received, stop);
        } finally {
            exchange.end();
            answer.cancel(true);
        }
    }

    private HttpURLConnection open(URI uri, Map<String, String> headers) throws TransientException {
        try {
            if (uri.getHost() == null) {
                throw new TransientException(noWebAddress(uri), (Throwable) null);
            }
            Optional<ProxyAddress> proxy = settings.proxies().select(uri);
            URLConnection plain =
                    uri.toURL().openConnection(proxy.map(ProxyAddress::proxy).orElse(Proxy.NO_PROXY));
            if (!(plain instanceof HttpURLConnection connection)) {
                throw new TransientException(noWebAddress(uri), (Throwable) null);
            }
            proxy.flatMap(ProxyAddress::password).ifPresent(password -> give(password, connection));
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            connection.setConnectTimeout((int) CONNECT.toMillis());
            connection.setRequestProperty("User-Agent", "flexgen-chat");
            connection.setRequestProperty("Accept-Encoding", "identity");
            headers.forEach(connection::setRequestProperty);
            if (!settings.token().isEmpty() && isHub(uri)) {
                connection.setRequestProperty("Authorization", "Bearer " + settings.token());
            }
            return connection;
        } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
            throw new TransientException(noWebAddress(uri), e);
        }
    }

    private static void give(ProxyPassword password, HttpURLConnection connection) {
        if (connection instanceof HttpsURLConnection) {
            connection.setAuthenticator(password);
        } else {
            connection.setRequestProperty("Proxy-Authorization", password.header());
        }
    }

    private static String noWebAddress(URI uri) {
        return "the hub leads to " + uri + ", which is no web address";
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

    private <T> T await(URI uri, Exchange<T> exchange, Future<T> answer, LongSupplier received, Stop stop)
            throws TransientException {
        long last = received.getAsLong();
        long since = System.nanoTime();
        while (true) {
            try {
                return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                stop.check();
                long now = received.getAsLong();
                if (now != last || exchange.isWriting()) { // a slow disk is no silence of the server's
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

    private TransientException translated(URI uri, ExecutionException failure) {
        String host = uri.getHost() + throughProxy(uri);
        String reason = host + " cannot be reached";
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            switch (cause) {
                case StoreWriteException disk -> throw new UncheckedIOException(disk);
                case UnknownHostException _ ->
                    reason = "the host " + Objects.requireNonNullElse(cause.getMessage(), uri.getHost())
                            + " is not known";
                case ConnectException _ -> reason = host + " cannot be reached (" + cause.getMessage() + ")";
                case IOException io when io.getMessage() != null -> reason = host + ": " + io.getMessage();
                case Error bug -> throw bug;
                case RuntimeException bug when !(bug instanceof CancellationException) -> throw bug;
                default -> {}
            }
        }
        return new TransientException(reason, failure);
    }

    private String throughProxy(URI uri) {
        return settings.proxies()
                .select(uri)
                .map(proxy -> " through the proxy " + proxy)
                .orElse("");
    }

    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
