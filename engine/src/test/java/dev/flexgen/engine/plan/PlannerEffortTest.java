package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.assertj.core.data.Percentage.withPercentage;

import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What planning costs, counted and not timed, and that what makes it cheap does not make it wrong. */
class PlannerEffortTest {

    private static final long GIB = 1L << 30;
    private static final int CONTEXT = 1024;
    private static final List<DeviceShape> DEVICES = List.of(DeviceShape.gpu(2 << 20), DeviceShape.PROCESSOR);
    private static final ModelSpec LARGE =
            PublishedModels.spec(Catalogue.load().find("opt-175b").orElseThrow());
    private static final ModelShape SHAPE = new ModelShape(LARGE, Encoding.Q4, Encoding.Q8, KvEncoding.F16, 0.1);
    private static final MachineProfile T4 = ShippedProfiles.find("t4").orElseThrow();
    private static final Footprint.Meter METER = new FootprintMeter(
            new WeightEncodings(new UniformTypes(LARGE, DType.F16, false), Encoding.Q4),
            DEVICES,
            KvEncoding.F16,
            Workload.conversation(CONTEXT, 0));

    /** Counts dry runs. */
    private static final class Counting implements Footprint.Meter {
        private int exact;
        private int about;

        @Override
        public Footprint of(Plan plan) {
            exact++;
            return METER.of(plan);
        }

        @Override
        public List<Long> gpuPeaksAbout(Plan plan) {
            about++;
            return METER.gpuPeaksAbout(plan);
        }
    }

    private static Plan plan(Footprint.Meter meter) {
        Budget budget = new Budget(List.of(new Budget.Gpu(14 * GIB, 2 << 20)), 170 * GIB, false);
        return new Planner(SHAPE, DEVICES, budget, meter, Workload.conversation(CONTEXT, 0)).forGpus(() -> T4);
    }

    @Test
    void aSearchTakesFewDryRuns() {
        Counting meter = new Counting();

        Plan plan = plan(meter);

        assertThat(meter.exact).isBetween(1, 4);
        assertThat(meter.about).isLessThanOrEqualTo(12);
        long peak = METER.of(plan).gpuPeaks().getFirst();
        assertThat(peak).isBetween(14 * GIB - 256 * (1 << 20), 14 * GIB);
    }

    @Test
    void aQuickDryRunTellsAboutWhatAWholeOneDoes() {
        for (Plan plan : List.of(plan(METER), Plan.onOneDevice(LARGE, Tier.HOST, 1))) {
            Footprint exact = METER.of(plan);
            List<Long> about = METER.gpuPeaksAbout(plan);

            assertThat(about.getFirst()).isCloseTo(exact.gpuPeaks().getFirst(), offset(96L * (2 << 20)));
        }
    }

    @Test
    void aPlanIsMeasuredOnce() {
        Counting meter = new Counting();
        Footprint.Meter remembering = new RememberingMeter(meter);
        Plan plan = Plan.onOneDevice(LARGE, Tier.HOST, 1);

        Footprint first = remembering.of(plan);

        assertThat(remembering.of(Plan.onOneDevice(LARGE, Tier.HOST, 1))).isSameAs(first);
        assertThat(remembering.gpuPeaksAbout(plan)).isEqualTo(first.gpuPeaks());
        assertThat(meter.exact).isEqualTo(1);
        assertThat(meter.about).isZero();
    }

    @Test
    void aLayerWithOtherWeightsIsPricedOnItsOwn() {
        Plan plan = Plan.onOneDevice(LARGE, Tier.HOST, 1);
        Footprint footprint = METER.of(plan);
        Map<BlockId, Long> blocks = new HashMap<>(footprint.blocks());
        blocks.merge(new BlockId(5, Component.UP, 0), 3L, (bytes, times) -> bytes * times);
        Footprint other = new Footprint(footprint.held(), footprint.gpuPeaks(), footprint.hostPeak(), blocks);
        CostModel prices = new CostModel(T4, List.of(Tier.GPU, Tier.HOST), SHAPE);

        StepCost alike = prices.step(plan, footprint, Step.decode(10));
        StepCost differs = prices.step(plan, other, Step.decode(10));

        assertThat(alike.layers()).hasSize(LARGE.layers() + 1);
        assertThat(alike.layers().subList(0, LARGE.layers()))
                .containsOnly(alike.layers().getFirst());
        assertThat(differs.layers().get(5)).isGreaterThan(1.5 * alike.layers().get(5));
        assertThat(differs.layers().get(4)).isEqualTo(alike.layers().get(4));
        assertThat(differs.layers().get(6)).isEqualTo(alike.layers().get(6));
        assertThat(differs.seconds() - alike.seconds())
                .isCloseTo(differs.layers().get(5) - alike.layers().get(5), withPercentage(0.1));
    }
}
