package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many slow pulls at once on two processors that have other things to do: every one of them must end. */
class SideBySideTest {

    private static final int PULLS = 20;
    private static final boolean FULL = Boolean.getBoolean("flexgen.full");
    private static final long SIZE = (FULL ? 8L : 1L) << 20;

    @TempDir
    Path root = Path.of("");

    @Test
    void twentySlowPullsOnTwoBusyProcessorsAllEnd() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            world.fake.repository(PullWorld.ID).file("config.json", "{}").bigFile(WEIGHTS, FakeContent.random(1, SIZE));
            world.fake.sender().bytesPerSecond(150_000);

            Process pulls = new PullProcess(world, root).startSideBySide(PULLS, root.resolve("stores"));
            boolean ended = pulls.waitFor(FULL ? 300 : 60, TimeUnit.SECONDS);
            pulls.destroyForcibly().waitFor();

            assertThat(ended).as("all pulls ended").isTrue();
            assertThat(pulls.exitValue()).isZero();
            String hash = FakeContent.random(1, SIZE).hash(true);
            for (int i = 0; i < PULLS; i++) {
                Path blob = root.resolve("stores/" + i + "/models--facebook--opt-125m/blobs/" + hash);
                assertThat(FakeContent.ofFile(blob).hash(true)).isEqualTo(hash);
            }
        }
    }

    /** As where two threads that wait have stopped all others: whoever watches must not be one of those. */
    @Test
    void aRequestThatIsNeverReadEndsWithASentence() throws IOException, InterruptedException {
        try (PullWorld world = new PullWorld(root)) {
            world.model();

            Process pull = new PullProcess(world, root).startStarved();
            boolean ended = pull.waitFor(30, TimeUnit.SECONDS);
            pull.destroyForcibly().waitFor();

            assertThat(ended).as("the pull ended").isTrue();
            assertThat(pull.exitValue()).isEqualTo(PullProcess.ENDED_WITH_A_SENTENCE);
        }
    }
}
