package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** A fake hub, a store and a client whose sleep takes no time, with everything that was heard and slept. */
final class PullWorld implements AutoCloseable {

    static final String ID = "facebook/opt-125m";
    static final HubRef REF = new HubRef(ID, "main");
    static final String WEIGHTS = "model.safetensors";
    static final long PIECE = 16 << 10;

    final FakeHub fake = new FakeHub();
    final Path root;
    final List<PullEvent> events = Collections.synchronizedList(new ArrayList<>());
    final List<Duration> slept = Collections.synchronizedList(new ArrayList<>());
    final PullCancel cancel = new PullCancel();
    private final Map<String, String> variables = new HashMap<>();
    private Tuning.Opener opener = Tuning::open;
    private Duration stall = Duration.ofSeconds(2);
    private long freeSpace = Long.MAX_VALUE;
    private PullListener also = _ -> {};

    PullWorld(Path root) throws IOException {
        this.root = root;
        variables.put("HF_HUB_CACHE", root.toString());
        variables.put("HF_ENDPOINT", fake.endpoint() + "/");
        variables.put("HF_TOKEN_PATH", root.resolve("no-token").toString());
    }

    /** A model of a few files, the weights some pieces long. */
    FakeRepository model() {
        return fake.repository(ID)
                .file("config.json", "{\"model_type\":\"opt\"}")
                .file("vocab.json", "{}")
                .file("merges.txt", "")
                .file("README.md", "# OPT")
                .file("LICENSE.md", "OPT licence")
                .bigFile(WEIGHTS, FakeContent.random(1, 10 * PIECE + 77))
                .bigFile("pytorch_model.bin", FakeContent.random(2, 100))
                .bigFile("tf_model.h5", FakeContent.random(3, 100))
                .bigFile("flax_model.msgpack", FakeContent.random(4, 100))
                .bigFile("onnx/model.onnx", FakeContent.random(5, 100));
    }

    PullWorld with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    PullWorld freeSpace(long bytes) {
        freeSpace = bytes;
        return this;
    }

    /** How partial files are opened from now on. */
    void opener(Tuning.Opener opener) {
        this.opener = opener;
    }

    PullWorld stallingAfter(Duration stall) {
        this.stall = stall;
        return this;
    }

    PullWorld listening(PullListener listener) {
        also = listener;
        return this;
    }

    HubCache cache() {
        return new HubCache(environment());
    }

    private Environment environment() {
        return new Environment(variables, root, root);
    }

    static Tuning tuning(Tuning.Sleeper sleeper, Tuning.FreeSpace freeSpace) {
        return tuning(Duration.ofSeconds(2), sleeper, freeSpace, Tuning::open);
    }

    static Tuning tuning(Duration stall, Tuning.Sleeper sleeper, Tuning.FreeSpace freeSpace, Tuning.Opener opener) {
        return new Tuning(
                4 * PIECE,
                PIECE,
                PIECE / 4,
                3,
                Duration.ZERO,
                Long.MAX_VALUE,
                4,
                4,
                stall,
                Duration.ofSeconds(1),
                Duration.ofSeconds(4),
                Duration.ofMinutes(5),
                sleeper,
                RandomGenerator.getDefault(),
                freeSpace,
                opener);
    }

    Hub hub() {
        return new Hub(HubSettings.of(environment()), cache(), tuning(stall, this::sleep, _ -> freeSpace, opener));
    }

    private void sleep(Duration time) throws InterruptedException {
        slept.add(time);
        Thread.sleep(1);
    }

    Duration sleptInAll() {
        synchronized (slept) {
            return slept.stream().reduce(Duration.ZERO, Duration::plus);
        }
    }

    Path pull() {
        return pull(REF);
    }

    Path pull(HubRef ref) {
        try (Hub hub = hub()) {
            return hub.pull(hub.plan(ref), this::hear, cancel);
        }
    }

    private void hear(PullEvent event) {
        events.add(event);
        also.on(event);
    }

    <T extends PullEvent> List<T> heard(Class<T> type) {
        synchronized (events) {
            return events.stream().filter(type::isInstance).map(type::cast).toList();
        }
    }

    /** What was asked of a server for a file's bytes. */
    Stream<FakeHub.Request> fileRequests() {
        return fake.requests().stream().filter(request -> !request.path().startsWith("/api/"));
    }

    @Override
    public void close() {
        fake.close();
    }
}
