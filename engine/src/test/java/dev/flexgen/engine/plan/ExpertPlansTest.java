package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.exec.FootprintMeter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.WeightEncodings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who computes the experts that the GPU has no room for. */
class ExpertPlansTest {

    private static final long GIB = 1L << 30;
    private static final List<DeviceShape> DEVICES = List.of(DeviceShape.gpu(2 << 20), DeviceShape.PROCESSOR);
    private static final List<Tier> TIERS = List.of(Tier.GPU, Tier.HOST);

    @TempDir
    Path folder;

    private ModelSpec spec;

    /** Eight layers of 64 experts of 12 MiB, 4 of which a token passes through: 6 GiB. */
    @BeforeEach
    void describe() throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "mixtral", "hidden_size": 1024, "intermediate_size": 2048, "num_hidden_layers": 8,
                 "num_attention_heads": 8, "num_key_value_heads": 8, "num_local_experts": 64, "num_experts_per_tok": 4,
                 "vocab_size": 1000, "sliding_window": null}
                """);
        spec = Families.read(folder);
    }

    private Plan plan(MachineProfile machine, long gpu) {
        Plan plan = planner(gpu).forGpus(() -> machine);
        new PlanCheck(spec, TIERS).check(plan);
        return plan;
    }

    private Planner planner(long gpu) {
        Budget budget = new Budget(List.of(new Budget.Gpu(gpu, 2 << 20)), 64 * GIB, false);
        return new Planner(shape(), DEVICES, budget, meter(), Workload.conversation(256, 0));
    }

    private ModelShape shape() {
        return new ModelShape(spec, Encoding.F16, Encoding.F16, KvEncoding.F16, 1);
    }

    private Footprint.Meter meter() {
        WeightEncodings encodings = WeightEncodings.asStored(new UniformTypes(spec, DType.F16, true));
        return new FootprintMeter(encodings, DEVICES, KvEncoding.F16, Workload.conversation(256, 0));
    }

    private static long experts(Plan plan, Predicate<Shard> which) {
        return plan.layers().stream()
                .flatMap(layer -> layer.experts().stream())
                .filter(which)
                .mapToLong(Shard::size)
                .sum();
    }

    private static double fetchedShare(Plan plan) {
        return plan.layers().getFirst().fetchedShare();
    }

    @Test
    void whereTheProcessorIsAsSlowAsTheBusBothTakeAPartAtTheSameTime() {
        MachineProfile machine = TestMachines.gpu(2e12, 50e9, 60e9, 45e9, 50e9);
        Plan plan = plan(machine, 2 * GIB);
        assertThat(experts(plan, shard -> shard.tier() == Tier.GPU)).isPositive();
        assertThat(fetchedShare(plan)).isBetween(0.25, 0.6);
        assertThat(seconds(machine, plan)).isLessThan(0.75 * seconds(machine, withoutFetching(plan)));
    }

    @Test
    void theBusTakesNoMoreThanItBringsInTime() {
        MachineProfile machine = TestMachines.gpu(2e12, 5e9, 100e9, 4e9, 95e9);
        Plan plan = plan(machine, 2 * GIB);
        assertThat(fetchedShare(plan)).isLessThan(0.1);
        assertThat(turn(machine, plan)).isLessThan(1.01 * turn(machine, withoutFetching(plan)));
    }

    /** The processor's rows come back through memory of the GPU's, which has to be counted. */
    @Test
    void whatIsChosenFitsHoweverManyExpertsAreOnTheGpu() {
        MachineProfile machine = TestMachines.gpu(2e12, 50e9, 30e9, 45e9, 25e9);
        for (long gpu = GIB; gpu < 6 * GIB; gpu += GIB / 4) {
            Plan plan = plan(machine, gpu);
            assertThat(meter().of(plan).gpuPeaks().getFirst())
                    .as("%d of GPU memory", gpu)
                    .isLessThanOrEqualTo(gpu);
        }
    }

    private double turn(MachineProfile machine, Plan plan) {
        return ExpectedTurn.seconds(new CostModel(machine, TIERS, shape()), plan, meter().of(plan), 0);
    }

    private double seconds(MachineProfile machine, Plan plan) {
        return new CostModel(machine, TIERS, shape())
                .step(plan, meter().of(plan), Step.decode(128))
                .seconds();
    }

    /** The processor computes what the GPU would fetch. */
    private static Plan withoutFetching(Plan plan) {
        List<LayerPlan> layers = new ArrayList<>();
        for (LayerPlan layer : plan.layers()) {
            layers.add(new LayerPlan(layer.home(), layer.heads(), layer.up(), layer.down(), layer.experts()));
        }
        return new Plan(plan.embeddingDevice(), layers, plan.head(), plan.computeBoundTokens(), plan.ringSlots());
    }
}
