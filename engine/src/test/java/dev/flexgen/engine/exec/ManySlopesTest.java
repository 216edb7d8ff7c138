package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.cache.KvCache;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.ScratchFile;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.WeightEncodings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More heads with slopes than a launch on a GPU has room for: refused when the model is opened there, computed by the processor. */
class ManySlopesTest {

    @TempDir
    Path folder;

    private ModelSpec bloom(int heads) throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "bloom", "vocab_size": 60, "hidden_size": %d, "n_layer": 1, "n_head": %d, "seq_length": 64}
                """.formatted(2 * heads, heads));
        return Families.read(folder);
    }

    private ModelRunner open(ModelSpec spec, Device device, Ledger ledger) {
        try (Checkpoint checkpoint = RandomModel.checkpoint(spec, new RandomWeights(DType.F32, 1, 0));
                WorkerPool pool = new WorkerPool(1)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            return new ModelRunner(
                    new CheckpointRows(tensors, () -> {}, pool),
                    WeightEncodings.asStored(tensors),
                    Plan.onOneDevice(spec, device.tier(), 0),
                    List.of(device),
                    bytes -> new ScratchFile(ledger, folder, bytes),
                    KvEncoding.F32,
                    64,
                    new Activity());
        }
    }

    @Test
    void areRefusedOnAGpuAndComputedByTheProcessor() throws IOException {
        Ledger ledger = new Ledger();
        try (Device gpu = new FakeGpu(ledger, FakeGpuSettings.of(64 << 20, 1));
                Device processor = new CpuDevice(ledger, new WorkerPool(1))) {
            open(bloom(256), gpu, ledger).close();
            ModelSpec many = bloom(257);
            assertThatThrownBy(() -> open(many, gpu, ledger))
                    .isInstanceOf(EngineException.class)
                    .hasMessage("fake GPU attends with ALiBi positions for at most 256 heads, and would have to for 257"
                            + " here; use --device cpu, or a plan with fewer heads on the GPU");
            assertThat(ledger.bytes(Tier.GPU)).isZero();
            try (ModelRunner runner = open(many, processor, ledger);
                    KvCache cache = runner.newCache(0)) {
                Logits logits = runner.step(Batch.of(cache, new int[] {3, 4, 5}, 1, new CancelToken()));
                assertThat(logits.numbers()).hasSize(60).doesNotContain(Float.NaN);
            }
        }
        assertThat(ledger.report()).isEmpty();
    }
}
