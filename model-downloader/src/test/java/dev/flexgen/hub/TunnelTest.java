package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Https through a proxy that wants a password, to a server that would like to have it as well. */
class TunnelTest {

    private static final char[] WORD = "changeit".toCharArray();

    @TempDir
    Path root = Path.of("");

    private final SSLSocketFactory before = HttpsURLConnection.getDefaultSSLSocketFactory();
    private final List<String> heard = new CopyOnWriteArrayList<>();

    @SuppressWarnings("NullAway.Init")
    private HttpsServer server;

    @BeforeEach
    void start() throws IOException, InterruptedException, GeneralSecurityException {
        SSLContext context = context();
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            heard.add(String.valueOf(exchange.getRequestHeaders().getFirst("Proxy-Authorization")));
            exchange.getResponseHeaders().set("Proxy-Authenticate", "Basic realm=\"x\"");
            exchange.sendResponseHeaders(407, -1);
            exchange.close();
        });
        server.start();
    }

    private SSLContext context() throws IOException, InterruptedException, GeneralSecurityException {
        Path file = root.resolve("keys");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "hub",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=hub.example.org",
                        "-ext",
                        "san=dns:hub.example.org",
                        "-storepass",
                        new String(WORD),
                        "-keystore",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, WORD);
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, WORD);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
        return context;
    }

    @AfterEach
    void stop() {
        HttpsURLConnection.setDefaultSSLSocketFactory(before);
        server.stop(0);
    }

    @Test
    void thePasswordOpensTheTunnelAndDoesNotGoThroughIt() throws IOException {
        try (PullWorld world = new PullWorld(root);
                FakeProxy proxy = new FakeProxy(world.fake.endpoint(), "me:secret")) {
            proxy.tunnelTo(server.getAddress().getPort());
            world.with("HF_ENDPOINT", "https://hub.example.org")
                    .with("https_proxy", "http://me:secret@127.0.0.1:" + proxy.port());

            assertThatThrownBy(world::pull).isInstanceOf(HubException.class);

            assertThat(heard).isNotEmpty().containsOnly("null");
            assertThat(proxy.requests()).containsOnly("CONNECT hub.example.org:443 HTTP/1.1");
        }
    }
}
