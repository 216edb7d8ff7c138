package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
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
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Plans of published sizes on machines of all sizes: no weights are needed for that. */
class PlannerTest {

    private static final long GIB = 1L << 30;

    /** CUDA's. */
    private static final long UNIT = 2L << 20;

    private static final List<Tier> GPU_AND_PROCESSOR = List.of(Tier.GPU, Tier.HOST);

    /** A fast bus beside a fast processor. */
    private static final MachineProfile RATES = TestMachines.gpu(2e12, 50e9, 100e9, 45e9, 80e9);

    private static ModelSpec opt(int layers, int heads, int width) {
        Dimensions dimensions =
                new Dimensions(layers, width, heads, heads, width / heads, 4 * width, 50272, width, 2048);
        return Families.named("opt").spec(dimensions, Activation.RELU);
    }

    /** A model as it would be opened. */
    private record Subject(ModelSpec spec, boolean ownHead) {
        Planner planner(Budget budget, boolean gpu) {
            List<DeviceShape> devices = devices(gpu);
            return new Planner(shape(1), devices, budget, meter(gpu), Workload.conversation(2048, 0));
        }

        ModelShape shape(double activeShare) {
            return new ModelShape(spec, Encoding.F16, Encoding.F16, KvEncoding.F16, activeShare);
        }

        Footprint.Meter meter(boolean gpu) {
            return new FootprintMeter(
                    WeightEncodings.asStored(new UniformTypes(spec, DType.F16, ownHead)),
                    devices(gpu),
                    KvEncoding.F16,
                    Workload.conversation(2048, 0));
        }

        private static List<DeviceShape> devices(boolean gpu) {
            return gpu ? List.of(DeviceShape.gpu(UNIT), DeviceShape.PROCESSOR) : List.of(DeviceShape.PROCESSOR);
        }
    }

    private static Subject sizes(ModelSpec spec) {
        return new Subject(spec, false);
    }

    private static final Subject OPT_125M = sizes(opt(12, 12, 768));
    private static final Subject OPT_6_7B = sizes(opt(32, 32, 4096));
    private static final Subject OPT_30B = sizes(opt(48, 56, 7168));
    private static final Subject OPT_175B = sizes(opt(96, 96, 12288));

    private static Plan plan(Subject sizes, long gpu, long host, boolean disk) {
        Plan plan = sizes.planner(new Budget(List.of(new Budget.Gpu(gpu, UNIT)), host, disk), true)
                .forGpus(() -> RATES);
        new PlanCheck(sizes.spec(), GPU_AND_PROCESSOR).check(plan);
        return plan;
    }

    private static long bytes(Plan plan, Subject subject, Tier tier) {
        boolean gpu = plan.shards().anyMatch(shard -> shard.prefillDevice() != shard.device() || shard.device() != 0)
                || plan.tiers().contains(Tier.GPU);
        Footprint footprint = subject.meter(gpu).of(plan);
        long[] sum = new long[1];
        plan.forEach((id, shard) -> {
            if (shard.tier() == tier && id.component() != Component.VOCABULARY) {
                sum[0] += footprint.blockBytes(id);
            }
        });
        return sum[0];
    }

    /** Weights of all layers in one piece each. */
    private static long layerBytes(Subject subject) {
        return bytes(Plan.onOneDevice(subject.spec(), Tier.GPU, 0), subject, Tier.GPU);
    }

    @Test
    void whatFitsTheGpuStaysThereInOnePieceALayerAndNothingIsMeasured() {
        Plan plan = OPT_6_7B.planner(new Budget(List.of(new Budget.Gpu(16 * GIB, UNIT)), GIB, false), true)
                .forGpus(() -> {
                    throw new AssertionError("measured in vain");
                });
        assertThat(plan.shards()).allMatch(shard -> shard.tier() == Tier.GPU);
        assertThat(plan.layers())
                .allMatch(layer -> layer.heads().size() == 1 && layer.up().size() == 1);
    }

    @Test
    void theRestOfALargeModelLiesInHostMemory() {
        Plan plan = plan(OPT_30B, 15 * GIB, 100 * GIB, false);
        long onGpu = bytes(plan, OPT_30B, Tier.GPU);
        assertThat(onGpu).isBetween(11 * GIB, 14 * GIB);
        assertThat(onGpu + bytes(plan, OPT_30B, Tier.HOST))
                .isCloseTo(layerBytes(OPT_30B), withinPercentage(0.1)); // pages that blocks end in
        assertThat(bytes(plan, OPT_30B, Tier.DISK)).isZero();
        assertThat(plan.layers().stream().flatMap(layer -> Stream.concat(layer.heads().stream(), layer.up().stream())))
                .filteredOn(shard -> shard.tier() == Tier.HOST)
                .as("prompts are multiplied by the GPU")
                .allMatch(shard -> shard.prefillDevice() == 0)
                .as("the processor and the bus share the work")
                .anyMatch(shard -> shard.device() == 0)
                .anyMatch(shard -> shard.device() == 1);
    }

    @Test
    void whatFitsNeitherLiesOnDisk() {
        Plan plan = plan(OPT_175B, 15 * GIB, 100 * GIB, true);
        assertThat(bytes(plan, OPT_175B, Tier.DISK)).isGreaterThan(200 * GIB);
        assertThat(bytes(plan, OPT_175B, Tier.HOST)).isBetween(80 * GIB, 100 * GIB);
    }

    @Test
    void withoutADiskItIsRefusedWithTheWayOut() {
        assertThatThrownBy(() -> plan(OPT_175B, 15 * GIB, 100 * GIB, false))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("--disk-dir DIR")
                .hasMessageContaining("100.0 GiB of host memory");
    }

    @Test
    void aGpuTooSmallForTheSmallestPlanIsToldWhatIsNeeded() {
        assertThatThrownBy(() -> plan(OPT_30B, GIB / 16, 100 * GIB, false))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("The GPU has 64.0 MiB left for this model, and the smallest plan needs")
                .hasMessageContaining("--gpu-memory");
    }

    /** With a GPU that reads its own memory in no time: what it holds costs nothing, so the rest alone counts. */
    @Test
    void moreMemoryNeverGivesASlowerPlan() {
        MachineProfile rates = TestMachines.gpu(1e18, 50e9, 100e9, 45e9, 80e9);
        double before = 0;
        for (long gpu = 2 * GIB; gpu < 70 * GIB; gpu += 2 * GIB) {
            Plan plan = plan(OPT_30B, gpu, 100 * GIB, false);
            double rate = new CostModel(rates, GPU_AND_PROCESSOR, OPT_30B.shape(1))
                    .decode(plan, OPT_30B.meter(true).of(plan), 1024)
                    .decodeTokensPerSecond();
            assertThat(rate).as("with %d MiB", gpu >> 20).isGreaterThanOrEqualTo(before * 0.97); // whole heads
            before = rate;
        }
    }

    @Test
    void theSmallestStepOfMemoryIsUsed() {
        for (Subject sizes : List.of(OPT_125M, OPT_30B)) {
            long previous = -1;
            for (long gpu : new long[] {GIB / 4, GIB / 3, GIB / 2, 3 * GIB, 4 * GIB}) {
                if (gpu > 2L * 50272 * 2 * sizes.spec().width()) {
                    long onGpu = bytes(plan(sizes, gpu, 100 * GIB, false), sizes, Tier.GPU);
                    assertThat(onGpu).isLessThan(gpu).isGreaterThanOrEqualTo(previous);
                    previous = onGpu;
                }
            }
        }
    }

    @Test
    void aSlowProcessorKeepsTheHeadsWhoseKeysAndValuesDoNotFitTheGpu() {
        MachineProfile slow = TestMachines.gpu(2e12, 50e9, 9e9, 48e9, 8e9);
        Plan plan = OPT_30B.planner(new Budget(List.of(new Budget.Gpu(2 * GIB, UNIT)), 100 * GIB, false), true)
                .forGpus(() -> slow);
        assertThat(plan.layers().getFirst().heads()).anyMatch(shard -> shard.device() == 1);
    }

    @Test
    void aHeadOfItsOwnIsCounted() {
        Subject own = new Subject(OPT_6_7B.spec(), true);
        Plan plan = Plan.onOneDevice(own.spec(), Tier.GPU, 0);
        long difference = own.meter(true).of(plan).bytes(Tier.GPU)
                - OPT_6_7B.meter(true).of(plan).bytes(Tier.GPU);
        assertThat(difference).isBetween(2L * 50272 * 4096 - UNIT, 2L * 50272 * 4096 + UNIT);
    }

    @Test
    void aGpuTooSmallForTheTablesLeavesThemToTheProcessor() {
        Plan plan = plan(OPT_30B, GIB / 2, 100 * GIB, false);
        assertThat(plan.embeddingDevice()).isEqualTo(1);
        assertThat(plan.head()).allMatch(shard -> shard.device() == 1);
    }

    @Test
    void hostMemoryTooSmallForTheConversationIsRefusedAlsoWithADisk() {
        assertThatThrownBy(() -> plan(OPT_175B, 15 * GIB, GIB / 16, true))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("64.0 MiB of host memory are free")
                .hasMessageNotContaining("--cpu-memory");
        Budget capped = new Budget(List.of(), 5 << 20, true, true);
        assertThatThrownBy(() -> OPT_175B.planner(capped, false).forProcessor())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("--cpu-memory leaves 5.0 MiB of host memory");
    }

    @Test
    void aSlowProcessorIsNotWaitedFor() {
        MachineProfile slow = TestMachines.gpu(2e12, 50e9, 9e9, 48e9, 8e9);
        Plan plan = OPT_30B.planner(new Budget(List.of(new Budget.Gpu(15 * GIB, UNIT)), 100 * GIB, false), true)
                .forGpus(() -> slow);
        assertThat(plan.shards()).allMatch(shard -> shard.device() == 0);
    }

    @Test
    void aProcessorAloneUsesTheDiskForWhatMemoryDoesNotHold() {
        Plan plan =
                OPT_6_7B.planner(new Budget(List.of(), 8 * GIB, true), false).forProcessor();
        new PlanCheck(OPT_6_7B.spec(), List.of(Tier.HOST)).check(plan);
        assertThat(bytes(plan, OPT_6_7B, Tier.HOST)).isBetween(4 * GIB, 8 * GIB);
        assertThat(bytes(plan, OPT_6_7B, Tier.DISK)).isPositive();
        assertThatThrownBy(() -> OPT_6_7B.planner(new Budget(List.of(), 8 * GIB, false), false)
                        .forProcessor())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("--disk-dir");
        assertThat(OPT_6_7B.planner(new Budget(List.of(), 20 * GIB, false), false)
                        .forProcessor()
                        .shards())
                .allMatch(shard -> shard.tier() == Tier.HOST);
    }

    @Test
    void aPredictionNamesWhatBinds() {
        Plan plan = plan(OPT_30B, 15 * GIB, 100 * GIB, false);
        ThroughputEstimate prediction = new CostModel(RATES, GPU_AND_PROCESSOR, OPT_30B.shape(1))
                .decode(plan, OPT_30B.meter(true).of(plan), 0);
        assertThat(prediction.decodeTokensPerSecond()).isBetween(1.5, 3.5);
        assertThat(prediction.bound()).containsPattern("(the processor|the bus to the GPU): .* GiB a token at .* GB/s");
        Plan resident = plan(OPT_6_7B, 16 * GIB, GIB, false);
        assertThat(new CostModel(RATES, GPU_AND_PROCESSOR, OPT_6_7B.shape(1))
                        .decode(resident, OPT_6_7B.meter(true).of(resident), 0)
                        .bound())
                .startsWith("the GPU: ");
    }

    /** A model in 4 bits of which a token needs some neurons. */
    private static Plan gated(Subject subject, long gpu, long host, double activeShare) {
        Plan plan = new Planner(
                        fourBitShape(subject, activeShare),
                        Subject.devices(true),
                        new Budget(List.of(new Budget.Gpu(gpu, UNIT)), host, false),
                        fourBits(subject),
                        Workload.conversation(2048, 0))
                .forGpus(() -> RATES);
        new PlanCheck(subject.spec(), GPU_AND_PROCESSOR).check(plan);
        return plan;
    }

    private static ModelShape fourBitShape(Subject subject, double activeShare) {
        return new ModelShape(subject.spec(), Encoding.Q4, Encoding.Q8, KvEncoding.F16, activeShare);
    }

    private static Footprint.Meter fourBits(Subject subject) {
        return new FootprintMeter(
                new WeightEncodings(new UniformTypes(subject.spec(), DType.F16, false), Encoding.Q4),
                Subject.devices(true),
                KvEncoding.F16,
                Workload.conversation(2048, 0));
    }

    private static double rate(Subject subject, Plan plan, double activeShare) {
        return new CostModel(RATES, GPU_AND_PROCESSOR, fourBitShape(subject, activeShare))
                .decode(plan, fourBits(subject).of(plan), 1024)
                .decodeTokensPerSecond();
    }

    @Test
    void whereFewNeuronsAreActiveTheGpuReadsTheirRowsInHostMemory() {
        Plan plan = gated(OPT_30B, 15 * GIB, 100 * GIB, 0.06);
        assertThat(plan.layers().stream().flatMap(layer -> layer.down().stream()))
                .anyMatch(shard -> shard.access() == Access.MAPPED);
        assertThat(plan.layers().stream().flatMap(layer -> Stream.concat(layer.heads().stream(), layer.up().stream())))
                .as("first halves and attention come first")
                .allMatch(shard -> shard.tier() == Tier.GPU);
        assertThat(rate(OPT_30B, plan, 0.06))
                .isGreaterThan(1.5 * rate(OPT_30B, gated(OPT_30B, 15 * GIB, 100 * GIB, 1), 0.06));
    }

    @Test
    void aLargeModelSharesItsRestBetweenBusAndProcessorWithGating() {
        Plan plan = gated(OPT_175B, 15 * GIB, 120 * GIB, 0.06);
        assertThat(plan.layers().stream().flatMap(layer -> layer.down().stream()))
                .anyMatch(shard -> shard.access() == Access.MAPPED)
                .anyMatch(shard -> shard.device() == 1)
                .noneMatch(shard -> shard.access() == Access.STREAMED);
    }

    @Test
    void moreMemoryNeverGivesASlowerGatedPlan() {
        double before = 0;
        for (long gpu = 4 * GIB; gpu <= 20 * GIB; gpu += GIB) {
            double now = rate(OPT_30B, gated(OPT_30B, gpu, 100 * GIB, 0.06), 0.06);
            assertThat(now).as("with %d GiB", gpu / GIB).isGreaterThanOrEqualTo(before);
            before = now;
        }
    }
}
