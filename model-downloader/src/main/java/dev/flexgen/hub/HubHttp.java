package dev.flexgen.hub;

import dev.flexgen.config.PlainText;
import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URLConnection;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

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
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int BUFFER_BYTES = 64 << 10;

    private final HubSettings settings;
    private final Tuning tuning;
    private volatile boolean closed;

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

    /** Makes something of an answer. A body that it does not ask for is dropped, with its connection if it is long. */
    @FunctionalInterface
    interface Reading<T> {
        T of(HubAnswer answer, Body body) throws IOException, InterruptedException, TransientException;
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
        void copyTo(Sink sink) throws IOException, InterruptedException, TransientException;
    }

    /**
     * Asks and waits. The caller's thread does everything but read from the network, and looks at {@code stop} ten times a second.
     *
     * @throws TransientException if the network fails
     * @throws UncheckedIOException if the bytes could not be written
     */
    <T> T get(URI uri, Map<String, String> headers, Reading<T> reading, Stop stop) throws TransientException {
        try (Exchange exchange = Exchange.start(uri, open(uri, headers))) {
            Silence silence = new Silence(uri, exchange, tuning.stall());
            HubAnswer head = head(exchange, silence, stop);
            if (head.isSuccess() && !head.isReadable()) {
                throw new HubException(
                        Kind.SERVER,
                        uri.getHost() + " compresses its answers (Content-Encoding: "
                                + PlainText.excerpt(head.encoding())
                                + "), although it is asked not to: check HF_ENDPOINT, or what stands between it and"
                                + " this machine.");
            }
            return reading.of(head, sink -> copy(exchange, sink, silence, stop));
        } catch (StoreWriteException disk) {
            throw new UncheckedIOException(disk);
        } catch (IOException e) {
            throw translated(uri, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the pull was interrupted");
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
            if (!settings.authorization().isEmpty() && isHub(uri)) {
                connection.setRequestProperty("Authorization", settings.authorization());
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
        return "the hub leads to " + PlainText.excerpt(withoutSecrets(uri)) + ", which is no web address";
    }

    /** An address to show: without a password, and without the query, which may be a signature. */
    private static String withoutSecrets(URI uri) {
        return uri.toString().replaceFirst("[?#].*", "").replaceFirst("//[^/]*@", "//");
    }

    /**
     * Where a redirect or the next page leads.
     *
     * @throws HubException if from https to http, where anybody in between could read and change what is sent
     */
    static URI follow(URI from, URI to) {
        if ("https".equals(lower(from.getScheme())) && !"https".equals(lower(to.getScheme()))) {
            throw new HubException(
                    Kind.SERVER,
                    from.getHost() + " leads from https to " + PlainText.excerpt(withoutSecrets(to))
                            + ", where anybody in between could read and change what is sent: check HF_ENDPOINT, or"
                            + " try again later.");
        }
        return to;
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

    private HubAnswer head(Exchange exchange, Silence silence, Stop stop)
            throws IOException, InterruptedException, TransientException {
        @Nullable HubAnswer head = null;
        while (head == null) {
            head = exchange.head(POLL);
            check(stop);
            silence.check();
        }
        silence.end();
        return head;
    }

    /** Hands on all bytes of a body; when the wait for more is given up, those that have come by then. */
    private void copy(Exchange exchange, Sink sink, Silence silence, Stop stop)
            throws IOException, InterruptedException, TransientException {
        try {
            exchange.offer(sink.buffer());
            exchange.offer(sink.buffer());
            while (!exchange.taken()) {
                @Nullable ByteBuffer bytes = exchange.take(POLL);
                if (bytes != null) {
                    long start = System.nanoTime();
                    sink.write(bytes);
                    silence.excuse(System.nanoTime() - start);
                    exchange.offer(sink.buffer());
                }
                check(stop);
                silence.check();
            }
        } catch (TransientException | RuntimeException givenUp) {
            exchange.breakOff();
            for (ByteBuffer bytes = exchange.take(POLL); bytes != null; bytes = exchange.take(Duration.ZERO)) {
                sink.write(bytes);
            }
            throw givenUp;
        }
    }

    private void check(Stop stop) {
        stop.check();
        if (closed) {
            throw new CancellationException("the connections to the hub are closed");
        }
    }

    private TransientException translated(URI uri, IOException failure) {
        String host = uri.getHost() + throughProxy(uri);
        String reason = host + " cannot be reached";
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case UnknownHostException _ ->
                    reason = "the host " + Objects.requireNonNullElse(cause.getMessage(), uri.getHost())
                            + " is not known";
                case ConnectException _ -> reason = host + " cannot be reached (" + cause.getMessage() + ")";
                case IOException io when io.getMessage() != null -> reason = host + ": " + io.getMessage();
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
        closed = true;
    }
}
