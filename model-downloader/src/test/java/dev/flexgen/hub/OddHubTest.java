package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.hub.HubException.Kind;
import dev.flexgen.hub.RawHub.Answer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hubs, mirrors and what stands in between that answer as no hub should: each ends in a sentence or goes well, and soon. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class OddHubTest {

    private static final String CONFIG = "{\"model_type\":\"opt\"}";
    private static final byte[] WEIGHT_BYTES =
            "weights, many of them".repeat(100).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path root = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private PullWorld world;

    @BeforeEach
    void open() throws IOException {
        world = new PullWorld(root);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private static String entry(String path, String size, String oid) {
        return "{\"type\":\"file\",\"path\":\"" + path + "\",\"size\":" + size + ",\"oid\":\"" + oid + "\"}";
    }

    private static String entry(String path, byte[] content) {
        return entry(path, String.valueOf(content.length), hash(path, content));
    }

    private static String hash(String path, byte[] content) {
        BlobHash hash = new BlobHash(new RemoteFile(path, content.length, "", false));
        hash.update(java.nio.ByteBuffer.wrap(content));
        return hash.hex();
    }

    private static String model(String... more) {
        byte[] config = CONFIG.getBytes(StandardCharsets.US_ASCII);
        String files = entry("config.json", config) + "," + entry(WEIGHTS, WEIGHT_BYTES);
        return "[" + files + (more.length == 0 ? "" : "," + String.join(",", more)) + "]";
    }

    private void plan(Answer answer) throws IOException {
        plan(answer, _ -> {});
    }

    private PullPlan plan(Answer answer, PullListener listener) throws IOException {
        try (RawHub raw = new RawHub(answer);
                Hub hub = world.with("HF_ENDPOINT", raw.endpoint()).hub()) {
            return hub.plan(PullWorld.REF, listener, world.cancel);
        }
    }

    private void assertFails(Answer answer, Kind kind, String message) {
        assertThatThrownBy(() -> plan(answer))
                .isInstanceOf(HubException.class)
                .hasMessageContaining(message)
                .extracting(e -> ((HubException) e).kind())
                .isEqualTo(kind);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<http://[>; rel=\"next\"", "<a b>; rel=next", "</x>; rel=prev, <%zz>; rel=\"next\""})
    void aNextPageWithoutAnAddressIsASentence(String link) {
        assertFails(
                (path, out) -> RawHub.api(path, model(), "Link: " + link, out),
                Kind.SERVER,
                "lists files in pages, of which the next one has no valid address");
    }

    @ParameterizedTest
    @ValueSource(strings = {"<>; rel=\"next\"", "</api/models/facebook/opt-125m/tree/x?a>; title=\"y\"; rel=next"})
    void pagesInACircleEnd(String link) {
        assertFails(
                (path, out) -> RawHub.api(path, model(), "Link: " + link, out),
                Kind.SERVER,
                "lists files without an end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"next", "<", "<>", "<x>; rel", ";;;,,,<<>>", "<http://[>; rel=\"prev\""})
    void aLinkThatNamesNoNextPageIsNone(String link) throws IOException {
        assertThat(plan((path, out) -> RawHub.api(path, model(), "Link: " + link, out), _ -> {})
                        .files())
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "9223372036854775808",
                "18446744073709551617",
                "1e30",
                "1e1000000000",
                "-1",
                "5.5",
                "\"x\"",
                "null",
                "[]",
                "9007199254740993"
            })
    void aSizeThatNoFileHasIsASentence(String size) {
        assertFails(
                (path, out) -> RawHub.api(path, model(entry("vocab.json", size, "0".repeat(40))), "", out),
                Kind.SERVER,
                "does not answer as a hub does");
    }

    @Test
    void onePathListedTwiceIsTakenOnceIfItIsTheSame() throws IOException {
        String twice = entry("vocab.json", "5", "0".repeat(40));

        assertThat(plan((path, out) -> RawHub.api(path, model(twice, twice), "", out), _ -> {})
                        .files())
                .hasSize(3);
        assertFails(
                (path, out) -> RawHub.api(path, model(twice, entry("vocab.json", "6", "0".repeat(40))), "", out),
                Kind.SERVER,
                "lists vocab.json twice, with different content");
    }

    @Test
    void aNameThatNoFileSystemTakesIsLeftOut() throws IOException {
        String zeros = "0".repeat(40);
        String[] names = {
            entry("LICENSE" + "x".repeat(300), "5", zeros),
            entry("LICENSE\\u001b[2J", "5", zeros),
            entry("LICENSE\\u202egpj.md", "5", zeros),
            entry("LICENSE/../../x", "5", zeros),
            entry("model-" + "0".repeat(300) + "1-of-2.safetensors", "5", zeros)
        };

        assertThat(plan((path, out) -> RawHub.api(path, model(names), "", out), _ -> {})
                        .files())
                .extracting(RemoteFile::path)
                .containsExactly(WEIGHTS, "config.json");
    }

    private Answer compressing(boolean api, boolean files) {
        return (path, out) -> {
            byte[] body = path.contains("/tree/")
                    ? model().getBytes(StandardCharsets.UTF_8)
                    : path.startsWith("/api/")
                            ? ("{\"sha\":\"" + RawHub.COMMIT + "\"}").getBytes(StandardCharsets.UTF_8)
                            : path.endsWith(WEIGHTS) ? WEIGHT_BYTES : CONFIG.getBytes(StandardCharsets.UTF_8);
            boolean compress = path.startsWith("/api/") ? api : files;
            RawHub.send(out, compress ? RawHub.gzip(body) : body, compress ? "Content-Encoding: gzip" : "");
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "files"})
    void aMirrorThatCompressesIsUnderstood(String what) throws IOException {
        try (RawHub raw = new RawHub(compressing(what.equals("api"), what.equals("files")))) {
            world.with("HF_ENDPOINT", raw.endpoint());

            assertThat(Files.readAllBytes(world.pull().resolve(WEIGHTS))).isEqualTo(WEIGHT_BYTES);
        }
    }

    @Test
    void aMirrorThatCompressesInAnotherWayIsASentence() {
        assertFails(
                (path, out) -> RawHub.api(path, model(), "Content-Encoding: br\u001b", out),
                Kind.SERVER,
                "127.0.0.1 compresses its answers (Content-Encoding: br");
    }

    @Test
    void headersWithoutAnEndEnd() {
        assertFails(
                (_, out) -> endless(out, "HTTP/1.1 100 Continue\r\n\r\n", 0), Kind.NETWORK, "facebook/opt-125m cannot");
        assertFails(
                (_, out) -> {
                    RawHub.write(out, "HTTP/1.1 200 OK\r\n");
                    endless(out, "X-Header: and so on\r\n", 0);
                },
                Kind.NETWORK,
                "facebook/opt-125m cannot");
    }

    @Test
    void whatIsNoHubIsASentence() {
        assertFails(
                (_, out) -> RawHub.write(out, "SSH-2.0-OpenSSH_9.6\r\n"), Kind.NETWORK, "127.0.0.1: its answer is not");
        assertFails((_, _) -> {}, Kind.NETWORK, "facebook/opt-125m cannot be fetched: 127.0.0.1: ");
        assertFails(
                (path, out) -> RawHub.send(out, "<html>Log in to this network</html>", ""),
                Kind.SERVER,
                "does not answer as a hub does");
    }

    @Test
    void headersThatDripAreGivenUp() {
        world.stallingAfter(Duration.ofMillis(300));

        assertFails(
                (_, out) -> endless(out, "HTTP/1.1 100 Continue\r\n\r\n", 20),
                Kind.NETWORK,
                "127.0.0.1 has sent nothing for 300 ms");
    }

    @Test
    void aBodyThatDripsIsGivenUp() {
        world.stallingAfter(Duration.ofMillis(300));

        assertFails(
                (_, out) -> {
                    RawHub.write(out, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                    endless(out, " ", 20);
                },
                Kind.NETWORK,
                "127.0.0.1 has sent only ");
    }

    private static void endless(OutputStream out, String text, long pauseMillis)
            throws IOException, InterruptedException {
        while (true) {
            RawHub.write(out, text);
            Thread.sleep(pauseMillis);
        }
    }

    @Test
    void planningCanBeStoppedWithinASecond() throws InterruptedException {
        world.stallingAfter(Duration.ofMinutes(1));
        Thread stopper = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            world.cancel.cancel();
        });
        long start = System.nanoTime();

        assertThatThrownBy(() -> plan((_, out) -> endless(out, "HTTP/1.1 102 Processing\r\n\r\n", 100)))
                .isInstanceOfAny(CancellationException.class);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1300));
        stopper.join();
    }

    @Test
    void aHubThatAsksForPatienceIsHeardOfWhilePlanning() {
        List<PullEvent> heard = new java.util.concurrent.CopyOnWriteArrayList<>();

        assertThatThrownBy(() -> plan(
                        (_, out) -> RawHub.write(
                                out, "HTTP/1.1 429 Too Many\r\nRetry-After: 200\r\nContent-Length: 0\r\n\r\n"),
                        event -> {
                            heard.add(event);
                            world.cancel.cancel();
                        }))
                .isInstanceOf(CancellationException.class);

        assertThat(heard)
                .containsExactly(
                        new PullEvent.Waiting("the hub limits how often it may be asked", Duration.ofSeconds(200)));
    }

    @Test
    void whatTheHubSaysDoesNothingToATerminal() {
        assertFails(
                (_, out) -> RawHub.write(
                        out,
                        "HTTP/1.1 418 I\r\nX-Error-Message: a\u001b]0;b\u0007\u009bc" + "x".repeat(1000)
                                + "\r\nContent-Length: 0\r\n\r\n"),
                Kind.SERVER,
                "(a\u241b]0;b\u2407\ufffdc" + "x".repeat(150));
    }

    @Test
    void nothingLeadsFromHttpsToHttp() {
        URI secure = URI.create("https://hub/x");

        assertThat(HubHttp.follow(secure, URI.create("HTTPS://cdn/y"))).hasHost("cdn");
        assertThat(HubHttp.follow(URI.create("http://hub/x"), URI.create("http://cdn/y")))
                .hasHost("cdn");
        assertThatThrownBy(() -> HubHttp.follow(secure, URI.create("http://u:secret@cdn/y?signature=secret")))
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith("hub leads from https to http://cdn/y, where anybody in between could read")
                .hasMessageNotContaining("secret");
    }

    @Test
    void aStreamThatMayOnlyComeAsAWholeIsTriedAgainWhenItBreaks() throws IOException {
        world.model();
        world.fake.faults().next(Integer.MAX_VALUE, FakeFaults.Fault.IGNORE_RANGE, WEIGHTS::equals);
        world.fake.faults().next(3, FakeFaults.Fault.DROP, WEIGHTS::equals);

        assertThat(Files.size(world.pull().resolve(WEIGHTS))).isEqualTo(10 * PullWorld.PIECE + 77);
        assertThat(world.heard(PullEvent.Corrupt.class)).isEmpty();
    }
}
