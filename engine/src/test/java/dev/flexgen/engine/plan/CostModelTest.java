package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prices that can be computed by hand. */
class CostModelTest {

    private static final long MB = 1_000_000;

    /** 2 layers of 8 heads; blocks get round sizes below. */
    private static final ModelSpec SPEC =
            Families.named("opt").spec(new Dimensions(2, 512, 8, 8, 64, 2048, 1000, 512, 2048), Activation.RELU);

    private static final MachineProfile MACHINE =
            TestMachines.withDisk(TestMachines.gpu(1e12, 1e10, 1e11, 1e10, 1e11), 1e9);

    @TempDir
    Path folder;

    private static ModelShape shape(double active) {
        return new ModelShape(SPEC, Encoding.F16, Encoding.F16, KvEncoding.F16, active);
    }

    /** One shard for each component: attention 40 MB, fc1 and fc2 80 MB each, the head 10 MB. */
    private static Footprint footprint(Plan plan) {
        Map<BlockId, Long> blocks = new HashMap<>();
        plan.forEach((id, shard) -> blocks.put(
                id,
                switch (id.component()) {
                    case HEADS -> 40 * MB;
                    case UP, DOWN -> 80 * MB;
                    case EXPERTS -> throw new AssertionError("a plain model has none");
                    case VOCABULARY -> 10 * MB;
                }));
        return new Footprint(Map.of(), List.of(), 0, blocks);
    }

    private static Plan gpuWith(Shard heads, Shard up, Shard down) {
        LayerPlan layer = new LayerPlan(0, List.of(heads), List.of(up), List.of(down));
        Shard head = new Shard(0, 1000, Tier.GPU, 0, Access.RESIDENT);
        return new Plan(0, List.of(layer, layer), List.of(head), Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    private static Shard heads(Tier tier, int device, Access access) {
        return new Shard(0, 8, tier, device, access);
    }

    private static Shard neurons(Tier tier, int device, Access access) {
        return new Shard(0, 2048, tier, device, access);
    }

    private static StepCost decode(Plan plan, double active, int context) {
        return new CostModel(MACHINE, List.of(Tier.GPU, Tier.HOST), shape(active))
                .step(plan, footprint(plan), Step.decode(context));
    }

    private static double price(MachineProfile machine, Plan plan) {
        return new CostModel(machine, List.of(Tier.GPU, Tier.HOST), shape(1))
                .step(plan, footprint(plan), Step.decode(0))
                .seconds();
    }

    private static final Shard GPU_HEADS = heads(Tier.GPU, 0, Access.RESIDENT);
    private static final Shard GPU_NEURONS = neurons(Tier.GPU, 0, Access.RESIDENT);

    @Test
    void residentWeightsTakeTheirReading() {
        StepCost cost = decode(gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS), 1, 0);
        // 2 layers of 200 MB and a head of 10 at 1 TB/s.
        assertThat(cost.seconds()).isCloseTo(410e-6, within(2e-6));
        assertThat(cost.binding()).isEqualTo(Resource.GPU);
        assertThat(cost.layers()).hasSize(3);
    }

    @Test
    void ofTheSecondHalfOnlyActiveRowsAreRead() {
        StepCost cost = decode(gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS), 0.1, 0);
        assertThat(cost.seconds()).isCloseTo(410e-6 - 0.9 * 160e-6, within(2e-6));
    }

    @Test
    void aLongerContextIsReadTooAndOnlyThatPart() {
        Plan plan = gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS);
        double more = decode(plan, 1, 2000).seconds() - decode(plan, 1, 1000).seconds();
        // 2 layers, keys and values of 512 channels in 2 bytes, 1000 positions.
        assertThat(more).isCloseTo(2 * 2 * 512 * 2 * 1000 / 1e12, within(1e-9));
    }

    @Test
    void streamedWeightsArriveBesideTheRestAndBind() {
        Shard streamed = neurons(Tier.HOST, 0, Access.STREAMED);
        StepCost cost = decode(gpuWith(GPU_HEADS, streamed, streamed), 0.1, 0);
        assertThat(cost.seconds()).as("320 MB over a bus of 10 GB/s").isCloseTo(0.032, within(1e-4));
        assertThat(cost.binding()).isEqualTo(Resource.BUS);
        assertThat(cost.bytes(Resource.BUS)).isEqualTo(320.0 * MB);
    }

    @Test
    void mappedRowsAreWaitedFor() {
        Shard mapped = neurons(Tier.HOST, 0, Access.MAPPED);
        StepCost cost = decode(gpuWith(GPU_HEADS, GPU_NEURONS, mapped), 0.1, 0);
        // 16 MB over the bus, after 250 MB in the GPU's memory and beside nothing.
        assertThat(cost.bytes(Resource.BUS)).isEqualTo(16.0 * MB, within(1.0));
        assertThat(cost.seconds()).isCloseTo(1.6e-3 + 0.25e-3 + 0.016e-3, within(2e-5));
    }

    @Test
    void devicesWorkAtTheSameTimeAndHandOverThereAndBackInAHalfLayer() {
        Shard host = neurons(Tier.HOST, 1, Access.RESIDENT);
        StepCost cost = decode(gpuWith(GPU_HEADS, host, host), 1, 0);
        // 160 MB a layer by a processor at 80 GB/s, attention and head by the GPU before and after it.
        assertThat(cost.seconds()).isCloseTo(2 * (160e6 / 8e10 + 40e6 / 1e12 + 2 * 25e-6) + 10e-6, within(2e-5));
        assertThat(cost.binding()).isEqualTo(Resource.PROCESSOR);
    }

    @Test
    void aProcessorThatWaitsForRowsOfAGpuIsWokenOnceAHalfLayer() {
        Shard host = neurons(Tier.HOST, 1, Access.RESIDENT);
        MachineProfile sleepy = TestMachines.waking(MACHINE, 1e-3);
        Plan beside = gpuWith(GPU_HEADS, host, host);
        assertThat(price(sleepy, beside) - price(MACHINE, beside)).isCloseTo(2 * 1e-3, within(1e-9));
        Plan onGpu = gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS);
        assertThat(price(sleepy, onGpu)).isEqualTo(price(MACHINE, onGpu));
    }

    @Test
    void besideABusyBusProductsAreAsFastAsTheyWereMeasuredThere() {
        Shard host = neurons(Tier.HOST, 1, Access.RESIDENT);
        Plan both = gpuWith(heads(Tier.HOST, 0, Access.STREAMED), host, host);
        MachineProfile slower = TestMachines.beside(MACHINE, 1e9);
        // 2 layers, 160 MB each in 16 bits: 80 million weights.
        assertThat(price(slower, both)).isCloseTo(2 * 80e6 / 1e9, within(0.01));
        assertThat(price(MACHINE, both)).isLessThan(0.02);
        Plan noBus = gpuWith(GPU_HEADS, host, host);
        assertThat(price(slower, noBus)).as("nothing crosses it").isEqualTo(price(MACHINE, noBus));
    }

    @Test
    void whatIsOnDiskIsReadForEveryToken() {
        Shard disk = neurons(Tier.DISK, 0, Access.STREAMED);
        StepCost cost = decode(gpuWith(GPU_HEADS, disk, disk), 0.1, 0);
        assertThat(cost.seconds()).isCloseTo(0.32, within(1e-3));
        assertThat(cost.binding()).isEqualTo(Resource.DISK);
        Shard rows = neurons(Tier.DISK, 0, Access.ON_DEMAND);
        StepCost onDemand = decode(gpuWith(GPU_HEADS, disk, rows), 0.1, 0);
        assertThat(onDemand.seconds()).as("fewer bytes of the second half").isLessThan(cost.seconds());
    }

    @Test
    void theLimitIsNeverBelowThePrediction() {
        Shard mapped = neurons(Tier.HOST, 0, Access.MAPPED);
        Shard host = neurons(Tier.HOST, 1, Access.RESIDENT);
        Shard streamed = neurons(Tier.HOST, 0, Access.STREAMED);
        for (Plan plan : List.of(
                gpuWith(GPU_HEADS, GPU_NEURONS, mapped),
                gpuWith(GPU_HEADS, host, host),
                gpuWith(GPU_HEADS, streamed, streamed))) {
            for (double active : new double[] {0.06, 1}) {
                CostModel prices = new CostModel(MACHINE, List.of(Tier.GPU, Tier.HOST), shape(active));
                assertThat(prices.limitTokensPerSecond(plan, footprint(plan), 100))
                        .isGreaterThanOrEqualTo(
                                prices.decode(plan, footprint(plan), 100).decodeTokensPerSecond());
            }
        }
    }

    @Test
    void aBatchReadsWeightsOnceAndIsSlowerForEachReplyButFasterInAll() {
        Plan plan = gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS);
        CostModel prices = new CostModel(MACHINE, List.of(Tier.GPU, Tier.HOST), shape(0.1));
        double one = prices.step(plan, footprint(plan), new Step(1, 1, 512)).seconds();
        double eight = prices.step(plan, footprint(plan), new Step(8, 1, 512)).seconds();
        assertThat(eight).isGreaterThan(one).isLessThan(8 * one);
    }

    @Test
    void aPromptOfTwoStepsCostsBothAndLongerOnesMore() {
        Plan plan = gpuWith(GPU_HEADS, GPU_NEURONS, GPU_NEURONS);
        CostModel prices = new CostModel(MACHINE, List.of(Tier.GPU, Tier.HOST), shape(1));
        double[] seconds = Stream.of(64, 512, 1024, 2048)
                .mapToDouble(tokens ->
                        prices.prefill(plan, footprint(plan), tokens, 1).seconds())
                .toArray();
        assertThat(seconds).isSorted();
        assertThat(seconds[2]).isGreaterThan(2 * seconds[1]).isLessThan(3 * seconds[1]);
    }

    /** One layer of 4 experts of 100 MB each, of which a token passes through one. */
    private StepCost decodeExperts(Optional<ExpertUse> use, int tokens) throws IOException {
        return decodeExperts(MACHINE, Encoding.F16, Access.RESIDENT, use, tokens);
    }

    private StepCost decodeExperts(
            MachineProfile machine, Encoding encoding, Access access, Optional<ExpertUse> use, int tokens)
            throws IOException {
        String config = """
                {"model_type": "mixtral", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1,
                 "num_attention_heads": 4, "num_key_value_heads": 4, "num_local_experts": 4, "num_experts_per_tok": 1,
                 "vocab_size": 100, "sliding_window": null}
                """;
        Files.writeString(folder.resolve("config.json"), config);
        ModelSpec spec = Families.read(folder);
        Shard heads = new Shard(0, 4, Tier.GPU, 0, Access.RESIDENT);
        LayerPlan layer = new LayerPlan(
                0,
                List.of(heads),
                List.of(),
                List.of(),
                List.of(
                        new Shard(0, 1, Tier.GPU, 0, Access.RESIDENT),
                        new Shard(1, 4, access == Access.RESIDENT ? Tier.HOST : Tier.DISK, 1, access)));
        Plan plan = new Plan(
                0,
                List.of(layer),
                List.of(new Shard(0, 100, Tier.GPU, 0, Access.RESIDENT)),
                Plan.COMPUTE_BOUND_TOKENS,
                Plan.RING_SLOTS);
        Map<BlockId, Long> read = new HashMap<>(); // of experts what a token reads on average: a quarter
        plan.forEach((id, shard) -> read.put(id, id.component() == Component.EXPERTS ? shard.size() * 25L * MB : MB));
        ModelShape shape = new ModelShape(spec, encoding, Encoding.F16, KvEncoding.F16, 1, use);
        return new CostModel(machine, List.of(Tier.GPU, Tier.HOST), shape)
                .step(plan, new Footprint(Map.of(), List.of(), 0, read), new Step(tokens, 1, 0));
    }

    @Test
    void expertsArePricedByHowOftenTheyAreChosen() throws IOException {
        assertThat(decodeExperts(Optional.empty(), 1).bytes(Resource.PROCESSOR)).isCloseTo(75e6, within(1e3));
        assertThat(decodeExperts(Optional.empty(), 2).bytes(Resource.PROCESSOR))
                .as("each of three by either of two tokens")
                .isCloseTo(300e6 * (1 - 0.75 * 0.75), within(1e3));
        ExpertUse use = new ExpertUse(List.of(List.of(7_999L, 1_000L, 500L, 500L)), 9_999);
        assertThat(decodeExperts(Optional.of(use), 1).bytes(Resource.PROCESSOR))
                .as("the GPU has the busiest")
                .isCloseTo(20e6, within(1e5));
    }

    /** What starting one operation adds to a step, in starts. */
    private double starts(Encoding encoding, Access access, int tokens) throws IOException {
        double start = 1e-3;
        MachineProfile slow = TestMachines.starting(MACHINE, start);
        return (decodeExperts(slow, encoding, access, Optional.empty(), tokens).busy(Resource.PROCESSOR)
                        - decodeExperts(MACHINE, encoding, access, Optional.empty(), tokens)
                                .busy(Resource.PROCESSOR))
                / start;
    }

    @Test
    void expertsInGroupsAreStartedTogetherFetchedOnesEach() throws IOException {
        double each = 3 * (1 - 0.75 * 0.75); // that any of two tokens chooses
        assertThat(starts(Encoding.F16, Access.RESIDENT, 2)).isCloseTo(5 + 6 * each, within(1e-6));
        assertThat(starts(Encoding.Q4, Access.ON_DEMAND, 2)).isCloseTo(5 + 3 * each, within(1e-6));
        assertThat(starts(Encoding.Q4, Access.RESIDENT, 2)).isCloseTo(8, within(1e-6));
        assertThat(starts(Encoding.Q4, Access.RESIDENT, 1)).isCloseTo(8, within(1e-6));
    }
}
