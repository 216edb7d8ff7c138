package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TwoPullsTest {

    @TempDir
    Path root = Path.of("");

    @Test
    void theSecondWaitsAndFindsEverything() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            world.model();
            world.fake.sender().bytesPerSecond(200_000);
            CountDownLatch started = new CountDownLatch(1);
            CountDownLatch waited = new CountDownLatch(1);
            world.listening(event -> {
                if (event instanceof PullEvent.FileStarted) {
                    started.countDown();
                } else if (event instanceof PullEvent.Waiting waiting
                        && waiting.reason().contains("another program is fetching facebook/opt-125m")) {
                    waited.countDown();
                }
            });
            CompletableFuture<Path> first = CompletableFuture.supplyAsync(world::pull);
            started.await();

            Path second = world.pull();

            assertThat(first.join()).isEqualTo(second);
            assertThat(waited.getCount()).isZero();
            assertThat(world.fake.sender().sent(WEIGHTS)).isEqualTo(10 * PullWorld.PIECE + 77);
        }
    }
}
