package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.DraftCount;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.chat.live.Placement;
import dev.flexgen.chat.live.Watch;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.plan.Resource;
import dev.flexgen.engine.plan.StepCost;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionRemarkTest {

    private static final int CONTEXT = 200;
    private final PredictionRemark remark = new PredictionRemark();

    @Test
    void aReplyMuchSlowerThanPlannedIsSaidOnceAndNotOfTheFirstReply() {
        assertThat(said(30, 60, 0.5)).as("first reply").isEmpty();
        assertThat(said(30, 60, 0.5))
                .hasValue(
                        "0.48 tok/s instead of the predicted 2.0: the processor is 4.1 times slower than when this machine"
                                + " was measured; 'flexgen-chat doctor --measure' measures it anew");
        assertThat(said(30, 60, 0.5)).as("again").isEmpty();
        remark.forget();
        assertThat(said(30, 60, 0.5)).as("another model's first").isEmpty();
        assertThat(said(30, 60, 0.5)).as("another model").isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "30, 14.5, 0.5, close to the plan",
        "30, 17.5, 0.5, a fifth slower",
        "19, 60, 0.5, few tokens",
        "30, 3, 0.01, a small model"
    })
    void nothingIsSaidOf(int tokens, double seconds, double price, String what) {
        said(30, 15, 0.5);
        assertThat(said(tokens, seconds, price)).as(what).isEmpty();
    }

    @Test
    void nothingIsSaidOfDraftsOrWithoutAProfile() {
        said(30, 15, 0.5);
        assertThat(remark.of(reply(30, 60, new DraftCount(10, 9)), watch(Optional.of(0.5)), CONTEXT))
                .isEmpty();
        assertThat(remark.of(reply(30, 60, DraftCount.NONE), watch(Optional.empty()), CONTEXT))
                .isEmpty();
        assertThat(said(30, 60, 0.5)).isPresent();
    }

    private Optional<String> said(int tokens, double seconds, double price) {
        return remark.of(reply(tokens, seconds, DraftCount.NONE), watch(Optional.of(price)), CONTEXT);
    }

    private static Reply reply(int tokens, double seconds, DraftCount drafts) {
        return new Reply("text", TokenIds.NONE, ReplyEnd.FINISHED, tokens, 5, 1, seconds, drafts);
    }

    private static Watch watch(Optional<Double> seconds) {
        return new Watch() {
            @Override
            public Activity.Now now() {
                return Activity.Now.NOTHING;
            }

            @Override
            public Placement placement() {
                return Placement.UNKNOWN;
            }

            @Override
            public Optional<StepCost> price(int context) {
                assertThat(context).isBetween(1, CONTEXT);
                return seconds.map(it ->
                        new StepCost(it, List.of(it), Map.of(Resource.PROCESSOR, it), Map.of(Resource.PROCESSOR, 1e9)));
            }
        };
    }
}
