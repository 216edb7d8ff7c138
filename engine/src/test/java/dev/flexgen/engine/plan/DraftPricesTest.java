package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What drafting brings, by numbers that can be computed by hand or drawn by lot. */
class DraftPricesTest {

    private static final List<Double> FLAT = Collections.nCopies(16, 1.0);

    @Test
    void eightDraftsAtFourInFiveAreFourPointThreeTokens() {
        assertThat(Acceptance.assumed(0.8).tokens(8)).isCloseTo((1 - Math.pow(0.8, 9)) / 0.2, within(1e-12));
        assertThat(Acceptance.assumed(1).tokens(8)).isEqualTo(9);
        assertThat(Acceptance.assumed(0).tokens(8)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.7, 0.9, 1})
    void theFormulaIsWhatCoinsGive(double right) {
        DraftPrices prices = new DraftPrices(List.of(1.0, 1.1, 1.2, 1.3, 1.4), 0.05);
        Acceptance acceptance = new Acceptance(right, 0.6, false);
        Random coins = new Random(5);
        double seconds = 0;
        int tokens = 0;
        for (int step = 0; step < 200_000; step++) {
            tokens++;
            if (coins.nextDouble() < 0.6) {
                for (int i = 0; i < 4 && coins.nextDouble() < right; i++) {
                    tokens++;
                }
                seconds += 1.4 + 4 * 0.05;
            } else {
                seconds += 1;
            }
        }
        assertThat(prices.at(4, acceptance).tokensPerSecond()).isCloseTo(tokens / seconds, within(0.01));
    }

    @Test
    void theBestDepthGrowsWithAcceptanceAndFallsWithCosts() {
        DraftPrices cheap = new DraftPrices(FLAT, 0.02);
        int before = 0;
        for (double right : new double[] {0, 0.2, 0.5, 0.8, 0.95}) {
            int depth = cheap.best(Acceptance.assumed(right)).depth();
            assertThat(depth).isGreaterThanOrEqualTo(before);
            before = depth;
        }
        assertThat(before).isGreaterThan(8);
        assertThat(new DraftPrices(FLAT, 0.2).best(Acceptance.assumed(0.95)).depth())
                .isLessThan(before);
    }

    @Test
    void whatDoesNotPayIsPlainDecoding() {
        DraftGain none = new DraftPrices(FLAT, 0.5).best(Acceptance.assumed(0.4));
        assertThat(none.depth()).isZero();
        assertThat(none.times()).isEqualTo(1);
        assertThat(none.tokensPerStep()).isEqualTo(1);
        assertThat(new DraftPrices(FLAT, 0).best(new Acceptance(1, 0, true)).times())
                .as("nothing is ever guessed")
                .isEqualTo(1);
    }

    @Test
    void sharesOutsideZeroToOneAreRefused() {
        for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThatThrownBy(() -> Acceptance.assumed(wrong)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new Acceptance(0.5, wrong, true)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Two layers of 200 MB whose neurons are streamed at 10 GB/s, or on the GPU at 1 TB/s. */
    private static DraftPrices predicted(double active, Tier neurons, Access access) {
        ModelSpec spec =
                Families.named("opt").spec(new Dimensions(2, 512, 8, 8, 64, 2048, 1000, 512, 2048), Activation.RELU);
        Shard heads = new Shard(0, 8, Tier.GPU, 0, Access.RESIDENT);
        Shard up = new Shard(0, 2048, neurons, 0, access == Access.MAPPED ? Access.STREAMED : access);
        Shard down = new Shard(0, 2048, neurons, 0, access);
        LayerPlan layer = new LayerPlan(0, List.of(heads), List.of(up), List.of(down));
        Shard head = new Shard(0, 1000, Tier.GPU, 0, Access.RESIDENT);
        Plan plan = new Plan(0, List.of(layer, layer), List.of(head), Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
        Map<BlockId, Long> blocks = new HashMap<>();
        plan.forEach((id, _) -> blocks.put(id, 80_000_000L));
        CostModel prices = new CostModel(
                TestMachines.gpu(1e12, 1e10, 1e11, 1e10, 1e11),
                List.of(Tier.GPU, Tier.HOST),
                new ModelShape(spec, Encoding.F16, Encoding.F16, KvEncoding.F16, active));
        return DraftPrices.predicted(prices, plan, new Footprint(Map.of(), List.of(), 0, blocks), 100, 40, 1e-3);
    }

    @Test
    void verifyingAFewTokensOfStreamedWeightsCostsOneSweep() {
        DraftPrices prices = predicted(1, Tier.HOST, Access.STREAMED);
        assertThat(prices.steps().getFirst()).isCloseTo(0.032, within(5e-4));
        assertThat(prices.steps().get(8)).isLessThan(1.05 * prices.steps().getFirst());
        DraftGain eight = prices.at(8, Acceptance.assumed(0.8));
        assertThat(eight.times()).isCloseTo(4.33 * 32 / (32 + 8), within(0.1));
    }

    @Test
    void draftsStayInTheRegimeInWhichARowDoesNotDependOnTheOthers() {
        assertThat(predicted(1, Tier.GPU, Access.RESIDENT).most()).isEqualTo(Plan.COMPUTE_BOUND_TOKENS - 2);
    }

    @Test
    void withGatingAStepReadsTheUnionOfActiveNeurons() {
        DraftPrices gated = predicted(0.1, Tier.HOST, Access.MAPPED);
        double bus = 1e10;
        double one = (160e6 + 0.1 * 160e6) / bus;
        double five = (160e6 + (1 - Math.pow(0.9, 5)) * 160e6) / bus;
        assertThat(gated.steps().get(4) - gated.steps().get(0)).isCloseTo(five - one, within(2e-3));
    }

    @Test
    void everyVerifiedRowWantsLogits() {
        assertThat(Step.verify(10, 4)).isEqualTo(new Step(1, 5, 10, 5));
        assertThat(Step.verify(10, 0)).isEqualTo(Step.decode(10));
        assertThatThrownBy(() -> new Step(1, 2, 0, 3)).isInstanceOf(IllegalArgumentException.class);
    }
}
