package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a pull, with a signal that no process can catch, as often as it takes to believe that it does no harm. */
class KillTest {

    private static final int KILLS = 50;
    private static final long SIZE = 8 << 20;
    private static final long RANGE = 4 * PullWorld.PIECE;

    @TempDir
    Path root = Path.of("");

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void fiftyKillsCostOneRangeEachAtMost() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            world.fake.repository(PullWorld.ID).file("config.json", "{}").bigFile(WEIGHTS, FakeContent.random(1, SIZE));
            PullProcess pulls = new PullProcess(world, root);
            // Run once to its end, it leaves an archive of its classes behind, with which it starts faster.
            assertThat(pulls.start(root.resolve("first")).waitFor()).isZero();
            final long first = world.fake.sender().sent(WEIGHTS);
            // So slow that the next kill comes before the end, so fast that each round gets somewhere.
            world.fake.sender().bytesPerSecond(500_000);
            Random random = new Random(7);
            int kills = 0;
            for (; kills < KILLS; kills++) {
                long before = world.fake.sender().sent(WEIGHTS);
                Process process = pulls.start(root);
                // A random moment of the download, told by what the hub has sent, since starting a JVM takes its time.
                long until = before + random.nextLong(2 * RANGE);
                while (process.isAlive() && world.fake.sender().sent(WEIGHTS) < until) {
                    Thread.sleep(1);
                }
                if (!process.isAlive()) {
                    break;
                }
                process.destroyForcibly().waitFor();
                assertThat(world.cache().find(PullWorld.ID, "main")).isEmpty();
                assertThat(world.cache().list()).isEmpty();
            }
            world.fake.sender().bytesPerSecond(Long.MAX_VALUE);

            Path snapshot = world.pull();

            assertThat(kills).isEqualTo(KILLS);
            assertThat(FakeContent.ofFile(snapshot.resolve(WEIGHTS)).hash(true))
                    .isEqualTo(FakeContent.random(1, SIZE).hash(true));
            assertThat(world.fake.sender().sent(WEIGHTS) - first).isBetween(SIZE, SIZE + KILLS * RANGE);
            assertThat(world.heard(PullEvent.FileStarted.class))
                    .singleElement()
                    .satisfies(event -> assertThat(event.resumedFrom()).isGreaterThan(SIZE / 10));
        }
    }
}
