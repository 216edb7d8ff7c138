package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Environment;
import dev.flexgen.hub.FakeFaults.Fault;
import dev.flexgen.hub.HubHttp.Sink;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubHttpTest {

    private static final Tuning TUNING = PullWorld.tuning(Thread::sleep, _ -> Long.MAX_VALUE);

    @TempDir
    Path root = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private FakeHub fake;

    @SuppressWarnings("NullAway.Init")
    private HubHttp http;

    @BeforeEach
    void open() throws IOException {
        fake = new FakeHub();
        http = new HubHttp(HubSettings.of(new Environment(Map.of(), root, root)), TUNING);
    }

    @AfterEach
    void close() {
        http.close();
        fake.close();
    }

    private int get(Sink sink) throws TransientException {
        String commit =
                fake.repository(PullWorld.ID).file("config.json", "0123456789").commitOf("main");
        URI uri = fake.endpoint().resolve("/" + PullWorld.ID + "/resolve/" + commit + "/config.json");
        return http.get(
                uri,
                Map.of(),
                (answer, body) -> {
                    body.copyTo(sink);
                    return answer.status();
                },
                new Stop(new PullCancel()));
    }

    @Test
    void aDiskThatTakesItsTimeIsNotTakenForASilentServer() throws TransientException {
        Duration longer = TUNING.stall().plusMillis(500);

        int status = get(bytes -> sleep(bytes.hasRemaining() ? longer : Duration.ZERO));

        assertThat(status).isEqualTo(200);
    }

    @Test
    void whatCameBeforeAServerFellSilentIsKept() {
        fake.faults().next(1, Fault.STALL);
        StringBuilder kept = new StringBuilder();

        assertThatThrownBy(() -> get(bytes -> kept.append(StandardCharsets.US_ASCII.decode(bytes))))
                .isInstanceOf(TransientException.class)
                .hasMessage("127.0.0.1 has sent only 5 bytes in 2 s");

        assertThat(kept).hasToString("01234");
    }

    private static void sleep(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new IllegalStateException("the request was given up", e);
        }
    }
}
