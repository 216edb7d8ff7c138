package dev.flexgen.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP proxy on this machine, one request a connection. It knows the hosts below {@code example.org}, which are all one hub, and
 * unless told otherwise lets nobody through to others by CONNECT. It may want a password.
 */
final class FakeProxy implements AutoCloseable {

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final URI hub;
    private final String credentials;
    private volatile int tunnelTo;
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** @param credentials {@code user:password} that it wants; empty for none */
    FakeProxy(URI hub, String credentials) throws IOException {
        this.hub = hub;
        this.credentials = credentials.isEmpty()
                ? ""
                : "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return socket.getLocalPort();
    }

    /** Lets everybody through by CONNECT, and all to this port here. */
    void tunnelTo(int port) {
        tunnelTo = port;
    }

    /** First lines of what was asked. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().start(() -> answer(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void answer(Socket client) {
        try (client) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
            List<String> head = new ArrayList<>();
            for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
                head.add(line);
            }
            if (head.isEmpty()) {
                return;
            }
            requests.add(head.getFirst());
            OutputStream out = client.getOutputStream();
            if (!credentials.isEmpty()
                    && head.stream().noneMatch(line -> line.equalsIgnoreCase("Proxy-Authorization: " + credentials))) {
                write(out, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n");
            } else if (!head.getFirst().startsWith("CONNECT")) {
                forward(URI.create(head.getFirst().split(" ", -1)[1]), out);
            } else if (tunnelTo == 0) {
                write(out, "HTTP/1.1 403 Forbidden\r\n");
            } else {
                out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                tunnel(client);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void tunnel(Socket client) throws IOException {
        try (Socket there = new Socket(InetAddress.getLoopbackAddress(), tunnelTo)) {
            Thread back = Thread.ofVirtual().start(() -> copy(there, client));
            copy(client, there);
            back.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException closed) {
            // That is how tunnels end.
        }
    }

    private static void write(OutputStream out, String head) throws IOException {
        out.write((head + "Content-Length: 0\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    private void forward(URI uri, OutputStream out) throws IOException {
        URI target = uri.getHost().endsWith("example.org")
                ? hub.resolve(uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()))
                : uri;
        HttpURLConnection there = (HttpURLConnection) target.toURL().openConnection(Proxy.NO_PROXY);
        there.setInstanceFollowRedirects(false);
        StringBuilder head = new StringBuilder("HTTP/1.1 " + there.getResponseCode() + " x\r\nConnection: close\r\n");
        there.getHeaderFields().forEach((name, values) -> {
            if (name != null && !name.equalsIgnoreCase("Connection")) {
                head.append(name).append(": ").append(values.getFirst()).append("\r\n");
            }
        });
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        if (there.getResponseCode() < 400) {
            try (InputStream body = there.getInputStream()) {
                body.transferTo(out);
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
