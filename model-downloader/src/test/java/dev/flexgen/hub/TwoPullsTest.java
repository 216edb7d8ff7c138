package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    @Test
    void anotherProcessIsWaitedForAsWell() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            world.model();
            world.fake.sender().bytesPerSecond(100_000);
            Process other = new PullProcess(world, root).start(root);
            while (other.isAlive() && world.fake.sender().sent(WEIGHTS) == 0) {
                Thread.sleep(5);
            }

            Path snapshot = world.pull();

            assertThat(other.waitFor()).isZero();
            assertThat(snapshot.resolve(WEIGHTS)).hasSize(10 * PullWorld.PIECE + 77);
            assertThat(world.heard(PullEvent.Waiting.class)).isNotEmpty();
            assertThat(world.fake.sender().sent(WEIGHTS)).isEqualTo(10 * PullWorld.PIECE + 77);
        }
    }

    @Test
    void whatIsBeingFetchedIsNotRemoved() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            FakeRepository model = world.model();
            Path first = world.pull();
            RemovalPlan removal = world.cache().removal(PullWorld.REF);
            model.commit("other")
                    .file("config.json", "{}")
                    .bigFile(WEIGHTS, FakeContent.random(9, 10 * PullWorld.PIECE));
            world.fake.sender().bytesPerSecond(100_000);
            CountDownLatch started = new CountDownLatch(1);
            world.listening(event -> {
                if (event instanceof PullEvent.FileStarted) {
                    started.countDown();
                }
            });
            HubRef other = new HubRef(PullWorld.ID, "other");
            CompletableFuture<Path> pull = CompletableFuture.supplyAsync(() -> world.pull(other));
            started.await();

            assertThatThrownBy(() -> world.cache().remove(removal))
                    .isInstanceOf(HubException.class)
                    .hasMessage("facebook/opt-125m cannot be removed while another program is fetching it: end that"
                            + " one first.");

            assertThat(first.resolve(WEIGHTS)).exists();
            pull.join();
            world.cache().remove(removal);
            assertThat(first).doesNotExist();
            assertThat(world.cache().find(PullWorld.ID, "other")).isPresent();
        }
    }
}
