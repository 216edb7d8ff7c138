package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The planner against everything that it could have chosen, on models so small that all of it can be tried. */
class PlannerSearchTest {

    private static final int CONTEXT = 256;
    private static final long MIB = 1 << 20;
    private static final List<DeviceShape> DEVICES = List.of(DeviceShape.gpu(1), DeviceShape.PROCESSOR);
    private static final List<Tier> TIERS = List.of(Tier.GPU, Tier.HOST);

    private static final MachineProfile FAST_BUS = TestMachines.gpu(2e12, 50e9, 100e9, 45e9, 80e9);
    private static final MachineProfile SLOW_PROCESSOR = TestMachines.gpu(3e11, 12e9, 10e9, 12e9, 6e9);
    private static final MachineProfile SLOW_BUS = TestMachines.gpu(9e11, 4e9, 60e9, 3e9, 55e9);
    private static final List<MachineProfile> MACHINES = List.of(FAST_BUS, SLOW_PROCESSOR, SLOW_BUS);

    /** 4 layers, of 16 heads of 64 channels: 100 MB in 16 bits. */
    private static final ModelSpec SMALL =
            Families.named("opt").spec(new Dimensions(4, 1024, 16, 16, 64, 4096, 2000, 1024, CONTEXT), Activation.RELU);

    private static final long WHOLE_BYTES = 2 * SMALL.parameters();

    private static ModelShape shape(double active) {
        return new ModelShape(SMALL, Encoding.F16, Encoding.F16, KvEncoding.F16, active);
    }

    private static final Footprint.Meter METER = new FootprintMeter(
            WeightEncodings.asStored(new UniformTypes(SMALL, DType.F16, false)),
            DEVICES,
            KvEncoding.F16,
            Workload.conversation(CONTEXT, 0));

    private static Planner planner(long gpu, long host, boolean disk, double active) {
        return new Planner(
                shape(active),
                DEVICES,
                new Budget(List.of(new Budget.Gpu(gpu, 1)), host, disk),
                METER,
                Workload.conversation(CONTEXT, 0));
    }

    private static double seconds(MachineProfile machine, double active, Plan plan) {
        return new CostModel(machine, TIERS, shape(active))
                .step(plan, METER.of(plan), Step.decode(CONTEXT / 2))
                .seconds();
    }

    private static Optional<Double> planned(MachineProfile machine, long gpu, long host, boolean disk, double active) {
        try {
            Plan plan = planner(gpu, host, disk, active).forGpus(() -> machine);
            assertThat(METER.of(plan).gpuPeaks().getFirst()).isLessThanOrEqualTo(gpu);
            assertThat(METER.of(plan).hostPeak()).isLessThanOrEqualTo(host);
            return Optional.of(seconds(machine, active, plan));
        } catch (EngineException e) {
            return Optional.empty();
        }
    }

    /** Every way to cut all layers alike in steps of a head and of an eighth of the neurons, whoever computes which part. */
    private static List<Plan> everyPlan(double active) {
        List<Plan> plans = new ArrayList<>();
        Footprint whole = METER.of(Plan.onOneDevice(SMALL, Tier.GPU, 0));
        LayerSizes sizes = LayerSizes.of(SMALL, whole);
        Cuts cuts = new Cuts(SMALL, sizes, WHOLE_BYTES, 1);
        for (int heads = 0; heads <= 16; heads += 8) {
            for (int ups = 0; ups <= 4096; ups += 1024) {
                for (int downs = 0; downs <= ups; downs += 1024) {
                    for (double share : new double[] {0, 0.4, 0.7, 1}) {
                        for (double downShare : active < 0.4 ? new double[] {1, active} : new double[] {1}) {
                            if (downShare == 1 && downs != ups) {
                                continue;
                            }
                            for (int tables : new int[] {0, 1}) {
                                Offload offload = new Offload(
                                        LayerTurns.alone(SMALL.layers(), 0),
                                        1,
                                        tables,
                                        share,
                                        tables == 0,
                                        downShare,
                                        Offload.First.BOTH_ALIKE);
                                Cut onGpu = new Cut(heads, ups, downs, sizes);
                                plans.add(cuts.withGpus(
                                        List.of(onGpu), List.of(sizes.all().without(onGpu)), offload));
                            }
                        }
                    }
                }
            }
        }
        return plans;
    }

    @Test
    void isWithinFivePercentOfTheBestOfAllPlans() {
        for (double active : new double[] {1, 0.06}) {
            List<Plan> plans = everyPlan(active);
            List<Footprint> footprints = plans.stream().map(METER::of).toList();
            for (MachineProfile machine : MACHINES) {
                CostModel prices = new CostModel(machine, TIERS, shape(active));
                for (double share : new double[] {0.5, 0.8, 1.2}) {
                    long gpu = (long) (share * WHOLE_BYTES) + 8 * MIB;
                    double best = Double.MAX_VALUE;
                    int which = 0;
                    for (int i = 0; i < plans.size(); i++) {
                        if (footprints.get(i).gpuPeaks().getFirst() <= gpu) {
                            double its = prices.step(plans.get(i), footprints.get(i), Step.decode(CONTEXT / 2))
                                    .seconds();
                            which = its < best ? i : which;
                            best = Math.min(best, its);
                        }
                    }
                    assertThat(planned(machine, gpu, 1000 * MIB, false, active).orElse(Double.MAX_VALUE))
                            .as(
                                    "%s of the model on the GPU, %s of the neurons active; best is %s, %s",
                                    share,
                                    active,
                                    plans.get(which).layers().getFirst(),
                                    plans.get(which).head())
                            .isLessThanOrEqualTo(1.05 * best);
                }
            }
        }
    }

    @Test
    void moreOfAnyMemoryIsNeverSlower() {
        for (MachineProfile machine : MACHINES) {
            MachineProfile withDisk = TestMachines.withDisk(machine, 1e9);
            for (double active : new double[] {1, 0.06}) {
                double before = Double.MAX_VALUE;
                for (long gpu = 8 * MIB; gpu < 2 * WHOLE_BYTES; gpu += 14 * MIB) {
                    double now =
                            planned(machine, gpu, 1000 * MIB, false, active).orElse(Double.MAX_VALUE);
                    assertThat(now)
                            .as("GPU of %d MiB, %s active", gpu / MIB, active)
                            .isLessThanOrEqualTo(1.02 * before);
                    before = Math.min(before, now);
                }
                before = Double.MAX_VALUE;
                for (long host = 8 * MIB; host < 2 * WHOLE_BYTES; host += 31 * MIB) {
                    double now = planned(withDisk, 32 * MIB, host, true, active).orElse(Double.MAX_VALUE);
                    assertThat(now)
                            .as("host memory of %d MiB, %s active", host / MIB, active)
                            .isLessThanOrEqualTo(1.02 * before);
                    before = Math.min(before, now);
                }
            }
        }
    }
}
