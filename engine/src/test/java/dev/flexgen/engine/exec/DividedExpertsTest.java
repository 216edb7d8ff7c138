package dev.flexgen.engine.exec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.base.CancelToken;
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
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.RandomRows;
import dev.flexgen.engine.weights.RowSource;
import dev.flexgen.engine.weights.WeightEncodings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever computes the experts that a row chose, with whatever other rows: its logits are the same to the bit. */
class DividedExpertsTest {

    /** Experts are just so large that they may be cut in two. */
    private static final String LARGE = """
            {"model_type": "glm4_moe", "vocab_size": 120, "hidden_size": 512, "num_hidden_layers": 1,
             "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64,
             "intermediate_size": 96, "first_k_dense_replace": 0, "n_routed_experts": 3, "num_experts_per_tok": 2,
             "moe_intermediate_size": 4992, "n_shared_experts": 1, "eos_token_id": 119}
            """;

    private static final String CONFIG = """
            {"model_type": "glm4_moe", "vocab_size": 120, "hidden_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64,
             "intermediate_size": 96, "first_k_dense_replace": 0, "n_routed_experts": 16, "num_experts_per_tok": 8,
             "moe_intermediate_size": 256, "n_shared_experts": 1, "eos_token_id": 119}
            """;
    private static final int EXPERTS = 16;
    private static final int GPU = 0;
    private static final int PROCESSOR = 1;

    @TempDir
    Path folder;

    private final Ledger ledger = new Ledger();
    private ModelSpec spec;

    @BeforeEach
    void describe() throws IOException {
        describe(CONFIG);
    }

    private void describe(String config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
        spec = Families.read(folder);
    }

    @AfterEach
    void everythingIsGivenBack() {
        assertThat(ledger.report()).isEmpty();
    }

    private Plan plan(List<Shard> experts, double fetched) {
        Plan whole = Plan.onOneDevice(spec, Tier.GPU, GPU);
        LayerPlan layer = whole.layers().getFirst();
        LayerPlan divided = new LayerPlan(GPU, layer.heads(), layer.up(), layer.down(), experts, fetched);
        return new Plan(GPU, Collections.nCopies(spec.layers(), divided), whole.head(), 17, 2);
    }

    /** Logits of sequences, all in one step or each in its own. */
    private List<float[]> logits(Plan plan, boolean together) {
        int[][] prompts = {{5}, {9}, {14, 3}, {27}, {33}, {61}};
        List<float[]> logits = new ArrayList<>();
        try (WorkerPool pool = new WorkerPool(3);
                FakeGpu gpu = new FakeGpu(ledger, FakeGpuSettings.of(256 << 20, 7));
                CpuDevice processor = new CpuDevice(ledger, pool);
                Checkpoint checkpoint = RandomModel.checkpoint(spec, new RandomWeights(DType.F32, 5, 0));
                RowSource rows =
                        RandomRows.of(new CheckpointRows(new ModelTensors(spec, checkpoint), () -> {}, pool), 5, pool);
                ModelRunner runner = new ModelRunner(
                        rows,
                        new WeightEncodings(new ModelTensors(spec, checkpoint), Encoding.Q4),
                        plan,
                        List.<Device>of(gpu, processor),
                        bytes -> new ScratchFile(ledger, folder, bytes),
                        KvEncoding.F32,
                        16,
                        new Activity())) {
            List<Batch.Sequence> sequences = new ArrayList<>();
            for (int[] prompt : prompts) {
                sequences.add(new Batch.Sequence(runner.newCache(0), prompt, 1, new CancelToken()));
            }
            if (together) {
                logits.add(runner.step(new Batch(sequences)).numbers());
            } else {
                sequences.forEach(sequence ->
                        logits.add(runner.step(new Batch(List.of(sequence))).numbers()));
            }
            sequences.stream().map(Batch.Sequence::cache).forEach(KvCache::close);
        }
        return logits;
    }

    private static float[] joined(List<float[]> parts) {
        int length = parts.stream().mapToInt(part -> part.length).sum();
        float[] all = new float[length];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.3, 0.5, 0.8, 1})
    void rowsAreTheSameAloneAndTogether(double fetched) {
        Plan divided = plan(
                List.of(
                        new Shard(0, 3, Tier.GPU, GPU, Access.RESIDENT),
                        new Shard(3, EXPERTS, Tier.HOST, PROCESSOR, Access.RESIDENT)),
                fetched);
        float[] alone = joined(logits(divided, false));
        assertThat(joined(logits(divided, true))).isEqualTo(alone);
        float[] elsewhere = joined(logits(Plan.onOneDevice(spec, Tier.HOST, PROCESSOR), true));
        assertThat(alone).containsExactly(elsewhere, within(1e-4f));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.7})
    void rowsAreTheSameWhereAnExpertIsCut(double fetched) throws IOException {
        describe(LARGE);
        Shard all = new Shard(0, 3, Tier.HOST, PROCESSOR, Access.RESIDENT);
        WeightEncodings encodings = new WeightEncodings(new UniformTypes(spec, DType.F32, true), Encoding.Q4);
        int parts = ExpertsLayout.of(encodings, all, 0).one().parts();
        assertThat(parts).isEqualTo(2);
        assertThat(ExpertDivision.fetched(2 * parts, fetched) % parts)
                .as("one of two experts is cut")
                .isEqualTo(1);
        Plan divided = plan(List.of(all), fetched);
        float[] alone = joined(logits(divided, false));
        assertThat(joined(logits(divided, true))).isEqualTo(alone);
        float[] elsewhere = joined(logits(Plan.onOneDevice(spec, Tier.HOST, PROCESSOR), true));
        assertThat(alone).containsExactly(elsewhere, within(1e-4f));
    }

    @ParameterizedTest
    @ValueSource(ints = {GPU, PROCESSOR})
    void rowsAreTheSameWithExpertsOnDisk(int device) {
        Access resident = device == GPU ? Access.ON_DEMAND : Access.RESIDENT;
        Plan plan = plan(
                List.of(
                        new Shard(0, 4, Tier.HOST, device, resident),
                        new Shard(4, EXPERTS, Tier.DISK, device, Access.ON_DEMAND)),
                0);
        assertThat(joined(logits(plan, true))).isEqualTo(joined(logits(plan, false)));
    }
}
