package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Plans for several GPUs, by the sizes of published models and made-up rates. */
class SeveralGpusPlanTest {

    private static final long GIB = 1L << 30;
    private static final long UNIT = 2 << 20;
    private static final int CONTEXT = 2048;

    /** The processor's memory gives 138 + 41 GB/s beside one bus, as measured on a machine with two GPUs. */
    private static final MachineProfile ONE = TestMachines.gpu(3.8e12, 54e9, 147e9, 41e9, 138e9);

    private static final ModelSpec OPT_30B = opt(48, 56, 7168);

    private static ModelSpec opt(int layers, int heads, int width) {
        Dimensions dimensions =
                new Dimensions(layers, width, heads, heads, width / heads, 4 * width, 50272, width, 2048);
        return Families.named("opt").spec(dimensions, Activation.RELU);
    }

    /** What was planned, and what it costs. */
    private record Planned(Budget budget, Plan plan, Footprint footprint, CostModel prices) {
        double rate() {
            return 1 / prices.step(plan, footprint, Step.decode(CONTEXT / 2)).seconds();
        }

        void assertFits() {
            for (int i = 0; i < budget.gpus().size(); i++) {
                assertThat(footprint.gpuPeaks().get(i))
                        .isLessThanOrEqualTo(budget.gpus().get(i).bytes());
            }
            assertThat(footprint.hostPeak()).isLessThanOrEqualTo(budget.hostBytes());
            new PlanCheck(OPT_30B, prices.tiers()).check(plan);
        }

        Set<Integer> homes() {
            return plan.layers().stream().map(LayerPlan::home).collect(Collectors.toSet());
        }

        int changes() {
            int changes = 0;
            for (int i = 1; i < plan.layers().size(); i++) {
                changes +=
                        plan.layers().get(i).home() == plan.layers().get(i - 1).home() ? 0 : 1;
            }
            return changes;
        }
    }

    private static Planned plan(boolean disk, long host, long... gpus) {
        Budget budget = new Budget(
                LongStream.of(gpus)
                        .mapToObj(bytes -> new Budget.Gpu(bytes, UNIT))
                        .toList(),
                host,
                disk);
        ModelShape shape = new ModelShape(OPT_30B, Encoding.F16, Encoding.F16, KvEncoding.F16, 1);
        Footprint.Meter meter = new RememberingMeter(new FootprintMeter(
                WeightEncodings.asStored(new UniformTypes(OPT_30B, DType.F16, false)),
                budget.devices(),
                KvEncoding.F16,
                Workload.conversation(CONTEXT, 0)));
        MachineProfile machine =
                ONE.withGpus(Collections.nCopies(gpus.length, ONE.gpus().getFirst()));
        Plan plan = new Planner(shape, budget.devices(), budget, meter, Workload.conversation(CONTEXT, 0))
                .forGpus(() -> machine);
        List<Tier> tiers = budget.devices().stream().map(DeviceShape::tier).toList();
        return new Planned(budget, plan, meter.of(plan), new CostModel(machine, tiers, shape));
    }

    @Test
    void whatTwoGpusHoldTogetherStaysThereAndChangesHandsOnce() {
        Planned two = plan(false, 2 * GIB, 40 * GIB, 40 * GIB);
        two.assertFits();
        assertThat(two.plan().tiers()).containsExactly(Tier.GPU);
        assertThat(two.homes()).containsExactly(0, 1);
        assertThat(two.changes()).isEqualTo(1);
    }

    @Test
    void ofUnequalGpusTheLargerHasMoreLayers() {
        Planned two = plan(false, 2 * GIB, 24 * GIB, 44 * GIB);
        two.assertFits();
        assertThat(two.plan().tiers()).containsExactly(Tier.GPU);
        long first =
                two.plan().layers().stream().filter(layer -> layer.home() == 0).count();
        assertThat(first).isBetween(14L, 20L);
    }

    @Test
    void asFewGpusAreUsedAsHoldIt() {
        Planned four = plan(false, 2 * GIB, 40 * GIB, 40 * GIB, 40 * GIB, 40 * GIB);
        four.assertFits();
        assertThat(four.homes()).containsExactly(0, 1);
        Planned second = plan(false, 2 * GIB, 10 * GIB, 80 * GIB);
        second.assertFits();
        assertThat(second.homes()).containsExactly(1);
    }

    /** Host memory binds: 179 GB/s beside each other are the same for one bus and two, but a quarter more of the model is on GPUs. */
    @Test
    void twoGpusTakeTurnsOftenSoThatBothBusesAreBusyAndHoldTwiceAsMuch() {
        Planned one = plan(false, 80 * GIB, 15 * GIB);
        Planned two = plan(false, 80 * GIB, 15 * GIB, 15 * GIB);
        one.assertFits();
        two.assertFits();
        assertThat(two.homes()).containsExactly(0, 1);
        assertThat(two.changes()).isGreaterThan(40);
        assertThat(two.rate() / one.rate()).isBetween(1.4, 1.75);
    }

    @Test
    void moreGpusAreNeverMuchSlower() {
        double before = 0;
        for (int count = 1; count <= 4; count++) {
            Planned planned = plan(
                    false,
                    80 * GIB,
                    Collections.nCopies(count, 8 * GIB).stream()
                            .mapToLong(it -> it)
                            .toArray());
            planned.assertFits();
            assertThat(planned.rate()).isGreaterThan(0.98 * before);
            before = planned.rate();
        }
    }

    @Test
    void whatNeitherGpusNorHostHoldIsOnDisk() {
        Planned two = plan(true, 20 * GIB, 8 * GIB, 12 * GIB);
        two.assertFits();
        assertThat(two.plan().tiers()).containsExactlyInAnyOrder(Tier.GPU, Tier.HOST, Tier.DISK);
    }

    @Test
    void aBusWhoseGpuWaitsForItsTurnIsIdleWhenItsRingIsFull() {
        StepLoad first = load(0);
        StepLoad second = load(1);
        BusTurns halves = new BusTurns(List.of(new BusTurns.Turn(first, 1), new BusTurns.Turn(second, 1)));
        // In the other's half only the ring is filled: 10 of 100 bytes.
        assertThat(halves.seconds(0, 0, 1, 100, 10)).isCloseTo(1.8, within(0.01));
        // A ring for half of it all hides the other's turn.
        assertThat(halves.seconds(0, 0, 1, 100, 100)).isCloseTo(1, within(0.01));
        BusTurns alone = new BusTurns(List.of(new BusTurns.Turn(first, 1)));
        assertThat(alone.seconds(0, 0, 1, 100, 10)).isEqualTo(1);
    }

    private static StepLoad load(int device) {
        StepLoad load = new StepLoad(3);
        load.streamed[device] = 100;
        load.blocks[device] = 10;
        return load;
    }

    @Test
    void severalBusesLeaveTheProcessorTheRestOfTheMemory() {
        MachineProfile.Gpu gpu = ONE.gpus().getFirst();
        HostReaders one = new HostReaders(ONE.host(), true, List.of(gpu));
        assertThat(one.upload(gpu)).isEqualTo(41e9);
        assertThat(one.processorRead()).isEqualTo(138e9);
        HostReaders two = new HostReaders(ONE.host(), true, List.of(gpu, gpu));
        assertThat(two.upload(gpu)).isEqualTo(41e9);
        assertThat(two.processorRead()).isCloseTo(97e9, within(1e8));
        HostReaders eight = new HostReaders(ONE.host(), true, Collections.nCopies(8, gpu));
        assertThat(eight.processorRead()).isCloseTo(179e9 / 9, within(1e8));
        assertThat(eight.uploads()).isCloseTo(8 * 179e9 / 9, within(1e8));
    }
}
