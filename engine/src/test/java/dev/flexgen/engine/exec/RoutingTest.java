package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec.Experts;
import dev.flexgen.engine.model.FeedForwardSpec.Gated;
import dev.flexgen.engine.model.FeedForwardSpec.Router;
import dev.flexgen.engine.model.FeedForwardSpec.Router.Scores;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import dev.flexgen.engine.plan.Shard;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** By examples that were worked out by hand. */
class RoutingTest {

    private static final Gated EXPERT = new Gated(8, Activation.SILU);
    private static final float[] NONE = {};

    private static Experts softmax(boolean normalised) {
        return new Experts(4, 2, EXPERT, new Router(Scores.SOFTMAX, false, 1, 1, normalised, 1), Optional.empty());
    }

    private static void assertShare(Routing.Share share, int row, double weight) {
        assertThat(share.rows()).containsExactly(row);
        assertThat((double) share.weights()[0]).isCloseTo(weight, within(1e-4));
    }

    @Test
    void theLargestOfASoftmaxAreChosenAndMayBeNormalised() {
        float[] scores = {2, 1, 0.5f, -1};
        Routing normalised = Routing.choose(softmax(true), scores, 1, NONE);
        assertShare(normalised.of(0), 0, 0.7311);
        assertShare(normalised.of(1), 0, 0.2689);
        assertThat(normalised.of(2).rows()).isEmpty();
        Routing plain = Routing.choose(softmax(false), scores, 1, NONE);
        assertShare(plain.of(0), 0, 0.6095);
        assertShare(plain.of(1), 0, 0.2242);
    }

    @Test
    void correctionsChooseAndDoNotWeigh() {
        Router router = new Router(Scores.SIGMOID, true, 2, 1, true, 2.5);
        Experts experts = new Experts(6, 2, EXPERT, router, Optional.empty());
        float[] scores = {1, 0.5f, -1, 2, -1, -2};
        Routing routing = Routing.choose(experts, scores, 1, new float[] {0, 0.3f, 0, 0, 0, 0});
        assertShare(routing.of(0), 0, 1.3503);
        assertShare(routing.of(1), 0, 1.1497);
        assertThat(routing.of(3).rows())
                .as("the second best of all is in the weaker group")
                .isEmpty();
    }

    @Test
    void rowsAreRoutedEachForItself() {
        float[] scores = {2, 1, 0.5f, -1, -1, 0.5f, 1, 2, 0, 9, 9, 0};
        Routing routing = Routing.choose(softmax(true), scores, 3, NONE);
        assertThat(routing.of(0).rows()).containsExactly(0);
        assertThat(routing.of(1).rows()).containsExactly(0, 2);
        assertThat(routing.of(2).rows()).containsExactly(1, 2);
        assertThat(routing.of(3).rows()).containsExactly(1);
        assertThat(routing.of(2).weights()[1]).isEqualTo(0.5f);
    }

    @Test
    void ofEqualScoresTheFirstAreChosen() {
        Routing routing = Routing.choose(softmax(true), new float[] {1, 1, 1, 1}, 1, NONE);
        assertThat(routing.of(0).rows()).hasSize(1);
        assertThat(routing.of(1).rows()).hasSize(1);
        assertThat(routing.of(2).rows()).isEmpty();
    }

    @Test
    void aDeviceWhoseExpertsNobodyChoseHasNothingToDo() {
        Routing routing = Routing.choose(softmax(true), new float[] {2, 1, 0.5f, -1}, 1, NONE);
        DeviceTasks chosen = tasks(0, Component.EXPERTS, 1, 3);
        DeviceTasks idle = tasks(1, Component.EXPERTS, 2, 4);
        DeviceTasks others = tasks(2, Component.UP, 0, 8);
        assertThat(ExpertDivision.of(routing, List.of(chosen, idle, others), 1, 1)
                        .needed(List.of(chosen, idle, others)))
                .containsExactly(chosen, others);
    }

    private static DeviceTasks tasks(int device, Component component, int from, int to) {
        Shard shard = new Shard(from, to, Tier.HOST, device, device, Access.RESIDENT);
        return new DeviceTasks(
                device, List.of(new Entry(new BlockId(0, component, 0), shard, device, device, Access.RESIDENT)));
    }
}
