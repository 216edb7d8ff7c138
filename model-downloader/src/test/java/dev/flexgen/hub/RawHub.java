package dev.flexgen.hub;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** A hub that answers byte by byte what it is told, sense or nonsense, one request a connection. */
final class RawHub implements AutoCloseable {

    static final String COMMIT = "27dcfa74d334bc871f3234de431e71c6eeba5dd6";

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Answer answer;

    /** Writes an answer. */
    @FunctionalInterface
    interface Answer {
        void to(String path, OutputStream out) throws IOException, InterruptedException;
    }

    RawHub(Answer answer) throws IOException {
        this.answer = answer;
        Thread.ofPlatform().daemon().start(this::accept);
    }

    String endpoint() {
        return "http://127.0.0.1:" + socket.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = socket.accept();
                Thread.ofPlatform().daemon().start(() -> serve(client));
            }
        } catch (IOException closed) {
            // The end.
        }
    }

    private void serve(Socket client) {
        try (client) {
            var in = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.ISO_8859_1));
            String request = String.valueOf(in.readLine());
            for (String line = request; line != null && !line.isEmpty(); line = in.readLine()) {}
            answer.to(request.split(" ", -1)[1], client.getOutputStream());
        } catch (IOException | InterruptedException gone) {
            // The client has had enough.
        }
    }

    /** Says which commit there is, or lists the files, with one more header. */
    static void api(String path, String files, String header, OutputStream out) throws IOException {
        send(out, path.contains("/tree/") ? files : "{\"sha\":\"" + COMMIT + "\"}", header);
    }

    static void send(OutputStream out, String text, String header) throws IOException {
        send(out, text.getBytes(StandardCharsets.UTF_8), header);
    }

    static void send(OutputStream out, byte[] body, String header) throws IOException {
        write(
                out,
                "HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\nConnection: close\r\n"
                        + (header.isEmpty() ? "" : header + "\r\n") + "\r\n");
        out.write(body);
        out.flush();
    }

    static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        var compressed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(compressed)) {
            out.write(bytes);
        }
        return compressed.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
