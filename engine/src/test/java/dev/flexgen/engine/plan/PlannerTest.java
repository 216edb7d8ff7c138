package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.Activation;
import dev.flexgen.engine.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans of published sizes on machines of all sizes: no weights are needed for that. */
class PlannerTest {

    private static final long GIB = 1L << 30;

    /** CUDA's. */
    private static final long UNIT = 2L << 20;

    private static final List<Tier> GPU_AND_PROCESSOR = List.of(Tier.GPU, Tier.HOST);

    /** A fast bus beside a fast processor. */
    private static final Bandwidths RATES = new Bandwidths(2e12, 50e9, 100e9, 45e9, 80e9);

    private static ModelSpec opt(int layers, int heads, int width) {
        Dimensions dimensions =
                new Dimensions(layers, width, heads, heads, width / heads, 4 * width, 50272, width, 2048);
        return Families.named("opt").spec(dimensions, Activation.RELU);
    }

    private static ModelSizes sizes(ModelSpec spec) {
        return new ModelSizes(spec, DType.F16, false, Encoding.F16, 2048, 512);
    }

    private static final ModelSizes OPT_125M = sizes(opt(12, 12, 768));
    private static final ModelSizes OPT_6_7B = sizes(opt(32, 32, 4096));
    private static final ModelSizes OPT_30B = sizes(opt(48, 56, 7168));
    private static final ModelSizes OPT_175B = sizes(opt(96, 96, 12288));

    private static Plan plan(ModelSizes sizes, long gpu, long host, boolean disk) {
        Plan plan = new Planner(sizes, new Budget(gpu, UNIT, host, disk)).forGpu(() -> RATES);
        new PlanCheck(sizes.spec(), GPU_AND_PROCESSOR).check(plan);
        return plan;
    }

    private static long bytes(Plan plan, ModelSizes sizes, Tier tier) {
        long heads = plan.layers().stream()
                .flatMap(layer -> layer.heads().stream())
                .filter(shard -> shard.tier() == tier)
                .mapToLong(shard -> shard.size() * sizes.headBytes())
                .sum();
        long neurons = plan.layers().stream()
                .flatMap(layer -> layer.up().stream())
                .filter(shard -> shard.tier() == tier)
                .mapToLong(shard -> shard.size() * sizes.neuronBytes())
                .sum();
        return heads + neurons;
    }

    @Test
    void whatFitsTheGpuStaysThereInOnePieceALayerAndNothingIsMeasured() {
        Plan plan = new Planner(OPT_6_7B, new Budget(16 * GIB, UNIT, GIB, false)).forGpu(() -> {
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
                .isEqualTo(OPT_30B.layerBytes() * OPT_30B.spec().layers());
        assertThat(bytes(plan, OPT_30B, Tier.DISK)).isZero();
        assertThat(plan.shards().filter(shard -> shard.tier() == Tier.HOST))
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
        assertThatThrownBy(() -> plan(OPT_30B, GIB / 2, 100 * GIB, false))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("The GPU has 512.0 MiB left for this model, and the smallest plan needs")
                .hasMessageContaining("--gpu-memory");
    }

    /** With a GPU that reads its own memory in no time: what it holds costs nothing, so the rest alone counts. */
    @Test
    void moreMemoryNeverGivesASlowerPlan() {
        Bandwidths rates =
                new Bandwidths(1e18, RATES.upload(), RATES.hostRead(), RATES.uploadBoth(), RATES.hostReadBoth());
        double before = 0;
        for (long gpu = 2 * GIB; gpu < 70 * GIB; gpu += GIB / 2) {
            Plan plan = plan(OPT_30B, gpu, 100 * GIB, false);
            double rate = ThroughputEstimate.of(plan, OPT_30B, rates).decodeTokensPerSecond();
            assertThat(rate).as("with %d MiB", gpu >> 20).isGreaterThanOrEqualTo(before * 0.97); // whole heads
            before = rate;
        }
    }

    @Test
    void theSmallestStepOfMemoryIsUsed() {
        for (ModelSizes sizes : List.of(OPT_125M, OPT_30B)) {
            long previous = -1;
            for (long gpu : new long[] {GIB / 4, GIB / 3, GIB / 2, 3 * GIB, 4 * GIB}) {
                if (gpu > 2 * sizes.homeBytes()) {
                    long onGpu = bytes(plan(sizes, gpu, 100 * GIB, false), sizes, Tier.GPU);
                    assertThat(onGpu).isLessThan(gpu).isGreaterThanOrEqualTo(previous);
                    previous = onGpu;
                }
            }
        }
    }

    @Test
    void aSlowProcessorKeepsTheHeadsWhoseKeysAndValuesDoNotFitTheGpu() {
        Bandwidths slow = new Bandwidths(2e12, 50e9, 9e9, 48e9, 8e9);
        Plan plan = new Planner(OPT_30B, new Budget(2 * GIB, UNIT, 100 * GIB, false)).forGpu(() -> slow);
        assertThat(plan.layers().getFirst().heads())
                .noneMatch(shard -> shard.tier() == Tier.HOST && shard.device() == 0)
                .anyMatch(shard -> shard.device() == 1);
    }

    @Test
    void aHeadOfItsOwnIsCounted() {
        ModelSizes own = new ModelSizes(OPT_6_7B.spec(), DType.F16, true, Encoding.F16, 2048, 512);
        assertThat(own.homeBytes() - OPT_6_7B.homeBytes()).isBetween(2L * 50272 * 4096, 2L * 50272 * 4096 + 256);
    }

    @Test
    void hostMemoryTooSmallForTheConversationIsRefusedAlsoWithADisk() {
        assertThatThrownBy(() -> plan(OPT_175B, 15 * GIB, 2 * GIB, true))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("--cpu-memory");
    }

    @Test
    void aSlowProcessorIsNotWaitedFor() {
        Bandwidths slow = new Bandwidths(2e12, 50e9, 9e9, 48e9, 8e9);
        Plan plan = new Planner(OPT_30B, new Budget(15 * GIB, UNIT, 100 * GIB, false)).forGpu(() -> slow);
        assertThat(plan.shards()).allMatch(shard -> shard.device() == 0);
    }

    @Test
    void aProcessorAloneUsesTheDiskForWhatMemoryDoesNotHold() {
        Plan plan = new Planner(OPT_6_7B, new Budget(0, UNIT, 8 * GIB, true)).forProcessor();
        new PlanCheck(OPT_6_7B.spec(), List.of(Tier.HOST)).check(plan);
        assertThat(bytes(plan, OPT_6_7B, Tier.HOST)).isBetween(4 * GIB, 8 * GIB);
        assertThat(bytes(plan, OPT_6_7B, Tier.DISK)).isPositive();
        assertThatThrownBy(() -> new Planner(OPT_6_7B, new Budget(0, UNIT, 8 * GIB, false)).forProcessor())
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("--disk-dir");
        assertThat(new Planner(OPT_6_7B, new Budget(0, UNIT, 20 * GIB, false))
                        .forProcessor()
                        .shards())
                .allMatch(shard -> shard.tier() == Tier.HOST);
    }

    @Test
    void aPredictionNamesWhatBinds() {
        Plan plan = plan(OPT_30B, 15 * GIB, 100 * GIB, false);
        ThroughputEstimate prediction = ThroughputEstimate.of(plan, OPT_30B, RATES);
        assertThat(prediction.decodeTokensPerSecond()).isBetween(1.5, 3.5);
        assertThat(prediction.bound()).containsPattern("(host memory|the bus to the GPU): .* GiB a token at .* GB/s");
        Plan resident = plan(OPT_6_7B, 16 * GIB, GIB, false);
        assertThat(ThroughputEstimate.of(resident, OPT_6_7B, RATES).bound()).startsWith("GPU memory: ");
    }
}
