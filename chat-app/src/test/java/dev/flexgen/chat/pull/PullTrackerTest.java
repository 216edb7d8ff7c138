package dev.flexgen.chat.pull;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.hub.HubRef;
import dev.flexgen.hub.PullEvent;
import dev.flexgen.hub.PullPlan;
import dev.flexgen.hub.RemoteFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PullTrackerTest {

    private static final long SECOND = 1_000_000_000L;
    private static final Path FOLDER = Path.of("/store/snapshot");

    private long now = 100 * SECOND;
    private final PullTracker tracker = new PullTracker("me/tiny", () -> now);

    private PullState planned() {
        return tracker.after(new PullEvent.Planned(new PullPlan(
                new HubRef("me/tiny", "main"),
                "0".repeat(40),
                List.of(
                        new RemoteFile("config.json", 10, "1".repeat(40), false),
                        new RemoteFile("w.safetensors", 1000, "2".repeat(64), true)),
                1010,
                210,
                1 << 30)));
    }

    private static FileProgress weights(PullState state) {
        return state.files().getLast();
    }

    @Test
    void aPlanIsAListOfFilesThatWait() {
        PullState state = planned();

        assertThat(state.files()).extracting(FileProgress::phase).containsOnly(Phase.WAITING);
        assertThat(state.totalBytes()).isEqualTo(1010);
        assertThat(state.doneBytes()).as("what is here already").isEqualTo(210);
        assertThat(state.note()).isEmpty();
        assertThat(state.bytesPerSecond()).isZero();
    }

    @Test
    void aFileGoesThroughItsPhases() {
        var _ = planned();

        assertThat(weights(tracker.after(new PullEvent.FileStarted("w.safetensors", 1000, 200))))
                .isEqualTo(new FileProgress("w.safetensors", 1000, 200, Phase.LOADING));
        now += SECOND;
        PullState half = tracker.after(new PullEvent.Progress("w.safetensors", 600, 1000, 610, 1010));
        assertThat(weights(half).doneBytes()).isEqualTo(600);
        assertThat(half.doneBytes()).isEqualTo(610);
        assertThat(half.bytesPerSecond()).as("without what was here before").isCloseTo(400, within(1.0));
        assertThat(weights(tracker.after(new PullEvent.Verifying("w.safetensors"))))
                .isEqualTo(new FileProgress("w.safetensors", 1000, 1000, Phase.CHECKING));
        assertThat(tracker.after(new PullEvent.FileDone("w.safetensors")).filesDone())
                .isEqualTo(1);
        assertThat(tracker.after(new PullEvent.Progress("w.safetensors", 1000, 1000, 1000, 1010))
                        .filesDone())
                .as("a late word about its last bytes")
                .isEqualTo(1);
        PullState end = tracker.after(new PullEvent.Done(FOLDER, 800));
        assertThat(end.doneBytes()).isEqualTo(end.totalBytes());
        assertThat(end.filesDone()).isEqualTo(2);
    }

    @Test
    void whatHoldsItUpIsSaidUntilItGoesOn() {
        var _ = planned();
        assertThat(tracker.after(
                                new PullEvent.Retrying("w.safetensors", "the connection broke", Duration.ofMillis(500)))
                        .note())
                .isEqualTo("w.safetensors: the connection broke; again in 1 s");
        assertThat(tracker.after(new PullEvent.Waiting("the hub's rate limit is reached", Duration.ofSeconds(55)))
                        .note())
                .isEqualTo("the hub's rate limit is reached; waiting 55 s");
        assertThat(tracker.after(new PullEvent.Progress("w.safetensors", 1, 1000, 11, 1010))
                        .note())
                .isEmpty();
    }

    @Test
    void damagedBytesCountNoMore() {
        var _ = planned();
        tracker.after(new PullEvent.Progress("w.safetensors", 1000, 1000, 1010, 1010));
        PullState damaged = tracker.after(new PullEvent.Corrupt("w.safetensors"));
        assertThat(damaged.note()).contains("w.safetensors", "damaged");
        assertThat(tracker.after(new PullEvent.Progress("w.safetensors", 100, 1000, 110, 1010))
                        .doneBytes())
                .isEqualTo(110);
    }
}
