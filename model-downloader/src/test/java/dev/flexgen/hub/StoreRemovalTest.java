package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreRemovalTest {

    private static final HubRef OTHER = new HubRef(PullWorld.ID, "other");

    @TempDir
    Path root = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private PullWorld world;

    @SuppressWarnings("NullAway.Init")
    private HubCache cache;

    @BeforeEach
    void twoRevisionsThatShareTheirWeights() throws IOException {
        world = new PullWorld(root);
        cache = world.cache();
        FakeContent weights = FakeContent.random(1, 1000);
        world.fake
                .repository(PullWorld.ID)
                .file("config.json", "{}")
                .bigFile(PullWorld.WEIGHTS, weights)
                .commit("other")
                .file("config.json", "{\"a\":1}")
                .bigFile(PullWorld.WEIGHTS, weights);
        world.pull();
        world.pull(OTHER);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void whatAnotherRevisionUsesStaysAndCountsNothing() throws IOException {
        RemovalPlan plan = cache.removal(PullWorld.REF);
        assertThat(plan.freedBytes()).isEqualTo(2);

        assertThat(cache.remove(plan)).isEqualTo(2);

        assertThat(cache.find(PullWorld.ID, "main")).isEmpty();
        Path other = cache.find(PullWorld.ID, "other").orElseThrow();
        assertThat(other.resolve(PullWorld.WEIGHTS)).hasSize(1000);
        assertThat(other.resolve("config.json")).hasContent("{\"a\":1}");
        assertThat(world.pull()).isDirectory();
    }

    @Test
    void theLastRevisionTakesEverythingWithIt() throws IOException {
        Path repository = root.resolve("models--facebook--opt-125m");
        Files.writeString(repository.resolve("blobs/abc.flexgen.incomplete"), "half");
        cache.remove(cache.removal(PullWorld.REF));

        assertThat(cache.remove(cache.removal(OTHER))).isEqualTo(1000 + 7 + 4);

        assertThat(repository).doesNotExist();
        assertThat(cache.list()).isEmpty();
    }

    @Test
    void whatIsNotHereCannotBeRemoved() {
        assertThatThrownBy(() -> cache.removal(new HubRef("facebook/opt-30b", "main")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("facebook/opt-30b is not in the model store " + root);
    }
}
