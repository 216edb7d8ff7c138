package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec.Experts;
import dev.flexgen.engine.model.FeedForwardSpec.Gated;
import dev.flexgen.engine.model.FeedForwardSpec.Router;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.plan.Shard;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpertDivisionTest {

    private static final Gated EXPERT = new Gated(8, Activation.SILU);
    private static final int PARTS = 4;
    private static final float[] NONE = {};
    private static final Experts EIGHT =
            new Experts(8, 4, EXPERT, new Router(Router.Scores.SOFTMAX, false, 1, 1, true, 1), Optional.empty());

    /** Experts 0 and 1 are the GPU's; the others are the processor's, and the GPU fetches a share of them. */
    private static List<DeviceTasks> tasks(double fetched) {
        Shard own = new Shard(0, 2, Tier.GPU, 0, Access.RESIDENT);
        Shard shared = new Shard(2, 8, Tier.HOST, 1, Access.RESIDENT);
        BlockId first = new BlockId(0, Component.EXPERTS, 0);
        BlockId second = new BlockId(0, Component.EXPERTS, 1);
        return List.of(
                new DeviceTasks(
                        0,
                        List.of(
                                new Entry(first, own, 0, 0, Access.RESIDENT),
                                new Entry(second, shared, 0, 0, Access.ON_DEMAND, fetched))),
                new DeviceTasks(1, List.of(new Entry(second, shared, 1, 1, Access.RESIDENT, 1 - fetched))));
    }

    /** Scores of a row that chooses these four. */
    private static void choose(float[] scores, int row, int... experts) {
        for (int expert : experts) {
            scores[row * 8 + expert] = 1 + expert;
        }
    }

    @Test
    void everyChoiceIsComputedOnceAndEachRowIsDividedForItself() {
        float[] scores = new float[24];
        choose(scores, 0, 0, 2, 3, 4);
        choose(scores, 1, 3, 4, 5, 6);
        choose(scores, 2, 4, 5, 6, 7);
        Routing routing = Routing.choose(EIGHT, scores, 3, NONE);
        List<DeviceTasks> tasks = tasks(0.5);
        ExpertDivision together = ExpertDivision.of(routing, tasks, 3, PARTS);
        Entry fetching = tasks.getFirst().entries().getLast();
        Entry computing = tasks.getLast().entries().getFirst();
        assertThat(parts(together, tasks.getFirst().entries().getFirst(), 0, 0)).isEqualTo(PARTS);
        assertThat(parts(together, fetching, 4, 1))
                .as("the second of four of row 1")
                .isEqualTo(PARTS);
        assertThat(parts(together, fetching, 3, 0)).as("half of three of row 0").isEqualTo(PARTS / 2);
        assertThat(parts(together, fetching, 4, 0)).isZero();
        Routing alone = Routing.choose(EIGHT, Arrays.copyOfRange(scores, 8, 16), 1, NONE);
        ExpertDivision one = ExpertDivision.of(alone, tasks, 1, PARTS);
        for (int expert = 2; expert < 8; expert++) {
            for (int row = 0; row < 3; row++) {
                int chosen = contains(routing.of(expert).rows(), row) ? PARTS : 0;
                assertThat(parts(together, fetching, expert, row) + parts(together, computing, expert, row))
                        .isEqualTo(chosen);
            }
            assertThat(parts(one, fetching, expert, 0)).isEqualTo(parts(together, fetching, expert, 1));
            assertThat(parts(one, computing, expert, 0)).isEqualTo(parts(together, computing, expert, 1));
        }
    }

    @Test
    void whatIsFetchedAndWhatIsKeptOfAnExpertMeet() {
        float[] scores = new float[8];
        choose(scores, 0, 0, 2, 3, 4);
        List<DeviceTasks> tasks = tasks(0.5);
        ExpertDivision division = ExpertDivision.of(Routing.choose(EIGHT, scores, 1, NONE), tasks, 1, PARTS);
        ExpertDivision.Task fetched =
                division.of(tasks.getFirst().entries().getLast(), 3).getFirst();
        ExpertDivision.Task kept =
                division.of(tasks.getLast().entries().getFirst(), 3).getFirst();
        assertThat(fetched.from()).isZero();
        assertThat(fetched.to()).isEqualTo(kept.from()).isEqualTo(PARTS / 2);
        assertThat(kept.to()).isEqualTo(PARTS);
        assertThat(fetched.share().weights()).isEqualTo(kept.share().weights());
    }

    /** Of an expert, what a device does for a row. */
    private static int parts(ExpertDivision division, Entry entry, int expert, int row) {
        return division.of(entry, expert).stream()
                .filter(task -> contains(task.share().rows(), row))
                .mapToInt(task -> task.to() - task.from())
                .sum();
    }

    private static boolean contains(int[] rows, int row) {
        return Arrays.stream(rows).anyMatch(it -> it == row);
    }

    @Test
    void theProcessorIsLeftAloneIfAllIsFetched() {
        float[] scores = new float[8];
        choose(scores, 0, 0, 1, 2, 3);
        List<DeviceTasks> tasks = tasks(0.95);
        ExpertDivision division = ExpertDivision.of(Routing.choose(EIGHT, scores, 1, NONE), tasks, 1, PARTS);
        assertThat(division.needed(tasks)).containsExactly(tasks.getFirst());
    }

    @ParameterizedTest
    @CsvSource({"0, 0.5, 0", "1, 0.4, 0", "1, 0.6, 1", "6, 0.5, 3", "6, 0.6, 4", "6, 0.9, 6", "6, 0.05, 0", "8, 0.7, 6"
    })
    void theLaterOfBothIsDoneAsEarlyAsPossible(int parts, double share, int fetched) {
        assertThat(ExpertDivision.fetched(parts, share)).isEqualTo(fetched);
    }
}
