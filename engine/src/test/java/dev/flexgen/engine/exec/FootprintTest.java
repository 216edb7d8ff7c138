package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.RandomPlans;
import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.plan.DeviceShape;
import dev.flexgen.engine.plan.Footprint;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Workload;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.WeightEncodings;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a plan is said to take is what opening it takes, to the byte, owner by owner. */
class FootprintTest {

    private static final int CONTEXT = 100;
    private static final int PLANS = 12;

    @TempDir
    Path disk;

    static Stream<String> models() {
        return Fixtures.kinds();
    }

    @ParameterizedTest
    @MethodSource("models")
    void theLedgerHoldsWhatTheFootprintSays(String model) {
        RandomPlans plans = new RandomPlans(Families.read(Fixtures.golden(model)), 17);
        for (int round = 0; round < PLANS; round++) {
            Plan plan = round % 4 == 3 ? plans.withTwoGpus() : plans.withGpu();
            boolean twoGpus = round % 4 == 3;
            KvEncoding kv = round % 3 == 0 ? KvEncoding.F16 : KvEncoding.Q4;
            Ledger ledger = new Ledger();
            Ledger first = ledger.forDevice(Tier.GPU);
            Ledger other = ledger.forDevice(Tier.GPU);
            try (WorkerPool pool = new WorkerPool(1);
                    Device gpu = new FakeGpu(first, FakeGpuSettings.of(64 << 20, round));
                    Device processor = new CpuDevice(ledger, pool);
                    Device second = new FakeGpu(other, FakeGpuSettings.of(64 << 20, round + 50));
                    Checkpoint checkpoint = Checkpoints.open(Fixtures.golden(model))) {
                List<Device> devices = twoGpus ? List.of(gpu, processor, second) : List.of(gpu, processor);
                ModelTensors tensors = new ModelTensors(Families.read(Fixtures.golden(model)), checkpoint);
                WeightEncodings encodings = WeightEncodings.asStored(tensors);
                Workload workload = round % 2 == 0
                        ? Workload.conversation(CONTEXT, 0)
                        : Workload.job(CONTEXT, 1, 8, 3 * CONTEXT + 1);
                Footprint footprint = new FootprintMeter(encodings, shapes(devices), kv, workload).of(plan);
                try (ModelRunner runner = new ModelRunner(
                                new CheckpointRows(tensors, () -> {}, pool),
                                encodings,
                                plan,
                                devices,
                                bytes -> new ScratchFile(ledger, disk, bytes),
                                kv,
                                workload.stepTokens(),
                                new Activity());
                        KvCache cache = runner.newCache(CONTEXT)) {
                    assertThat(cache.length()).isZero();
                    for (Tier tier : Tier.values()) {
                        assertThat(ledger.byOwner(tier))
                                .as("%s of plan %d", tier, round)
                                .isEqualTo(footprint.held().get(tier));
                    }
                    assertThat(first.peak(Tier.GPU))
                            .isEqualTo(footprint.gpuPeaks().getFirst());
                    assertThat(other.peak(Tier.GPU))
                            .isEqualTo(twoGpus ? footprint.gpuPeaks().getLast() : 0);
                    if (!twoGpus) {
                        assertThat(ledger.peak(Tier.HOST)).isLessThanOrEqualTo(footprint.hostPeak());
                    }
                }
            }
        }
    }

    private static List<DeviceShape> shapes(List<Device> devices) {
        return devices.stream()
                .map(device -> new DeviceShape(device.tier(), device.allocationPolicy()))
                .toList();
    }
}
