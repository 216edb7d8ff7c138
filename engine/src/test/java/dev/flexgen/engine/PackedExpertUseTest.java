package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.RandomModel;
import dev.flexgen.engine.plan.ExpertUse;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.store.ModelPacker;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.PackStore;
import dev.flexgen.engine.store.PackedModel;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Choices of experts are counted as a model runs, kept with its packed form, and decide which experts the GPU gets. */
class PackedExpertUseTest {

    private static final String CONFIG = """
            {"model_type": "glm4_moe", "vocab_size": 120, "hidden_size": 64, "num_hidden_layers": 3,
             "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64,
             "intermediate_size": 96, "first_k_dense_replace": 1, "n_routed_experts": 8, "num_experts_per_tok": 2,
             "moe_intermediate_size": 256, "n_shared_experts": 1, "eos_token_id": 119}
            """;

    /** What the routers of layers 1 and 2 prefer. */
    private static final List<Integer> BUSY_1 = List.of(6, 7);

    private static final List<Integer> BUSY_2 = List.of(2, 4);

    private static final int LAYERS = 3;
    private static final int EXPERTS = 8;

    /** Of an expert: three matrices of 256 x 64 numbers of 16 bits. */
    private static final long EXPERT_BYTES = 3 * 256 * 64 * 2;

    private static final long GPU_BYTES = 64 << 20;

    @TempDir
    Path folder;

    private Path packed;

    @BeforeEach
    void packAModelWithSkewedRouters() throws IOException {
        Path model = Files.createDirectories(folder.resolve("model"));
        Files.writeString(model.resolve("config.json"), CONFIG);
        ModelSpec spec = Families.read(model);
        SafetensorsWriter writer = new SafetensorsWriter();
        try (Checkpoint random = RandomModel.checkpoint(spec, new RandomWeights(DType.F16, 5, 0))) {
            for (String name : random.names()) {
                if (name.endsWith("e_score_correction_bias")) {
                    writer.add(
                            name,
                            ElementType.F32,
                            Shape.of(EXPERTS),
                            correction(name.contains(".1.") ? BUSY_1 : BUSY_2));
                } else {
                    writer.add(name, random.tensor(name));
                }
            }
        }
        writer.write(model);
        packed = new ModelPacker(new PackStore(folder.resolve("store")), 2, PackListener.NONE, new CancelToken())
                .pack("key", "m", model, Encoding.F16)
                .folder();
    }

    private static byte[] correction(List<Integer> busy) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * EXPERTS).order(ByteOrder.LITTLE_ENDIAN);
        for (int expert = 0; expert < EXPERTS; expert++) {
            bytes.putFloat(busy.contains(expert) ? 100 : 0);
        }
        return bytes.array();
    }

    private static OpenModel open(Path model, long gpuBytes) {
        FakeGpuSettings settings = FakeGpuSettings.of(GPU_BYTES, 3);
        GpuSource gpu = () -> new GpuSource.Present("fake GPU", gpuBytes, ledger -> new FakeGpu(ledger, settings));
        EngineOptions options = EngineOptions.defaults()
                .withThreads(2)
                .withKv(KvType.F32)
                .withLimits(new MemoryLimits(gpuBytes, 0, null));
        return OpenModel.open(model, options, gpu);
    }

    private static List<int[]> replies(OpenModel engine) {
        List<int[]> replies = new ArrayList<>();
        for (int[] prompt :
                new int[][] {{3, 1, 4, 1, 5}, {9}, IntStream.range(20, 50).toArray()}) {
            try (Session session = engine.session()) {
                session.prefill(prompt, new CancelToken(), ProgressListener.NONE);
                GenerationRequest request = new GenerationRequest(20, SamplerOptions.greedy(), Set.of());
                replies.add(session.generate(request, new CancelToken(), _ -> TokenListener.Verdict.CONTINUE)
                        .ids());
            }
        }
        return replies;
    }

    private static List<Integer> expertsOnGpu(OpenModel engine, int layer) {
        List<Integer> experts = new ArrayList<>();
        for (Shard shard : engine.plan().layers().get(layer).experts()) {
            if (shard.tier() == Tier.GPU) {
                experts.addAll(IntStream.range(shard.from(), shard.to()).boxed().toList());
            }
        }
        return experts;
    }

    /** Room for about half of the experts. */
    private long littleRoom() {
        try (OpenModel engine = open(packed, GPU_BYTES)) {
            assertThat(expertsOnGpu(engine, 1)).hasSize(EXPERTS);
            return engine.model().footprint().gpuPeaks().getFirst() - EXPERTS * EXPERT_BYTES;
        }
    }

    @Test
    void theBusiestExpertsMoveToTheGpuAndTheRepliesStayTheSame() {
        long room = littleRoom();
        List<int[]> before;
        try (OpenModel engine = open(packed, room)) {
            assertThat(expertsOnGpu(engine, 1)).startsWith(0, 1).doesNotContain(6, 7);
            assertThat(expertsOnGpu(engine, 2)).startsWith(0, 1).doesNotContain(7);
            before = replies(engine);
            ExpertUse use = engine.model().expertUse().orElseThrow();
            assertThat(use.layers().getFirst()).isEmpty();
            for (int layer = 1; layer < LAYERS; layer++) {
                for (int expert = 0; expert < EXPERTS; expert++) {
                    boolean busy = (layer == 1 ? BUSY_1 : BUSY_2).contains(expert);
                    assertThat(use.layers().get(layer).get(expert)).isEqualTo(busy ? use.tokens() : 0);
                }
            }
        }
        try (OpenModel engine = open(packed, room)) {
            assertThat(expertsOnGpu(engine, 1)).containsAll(BUSY_1);
            assertThat(expertsOnGpu(engine, 2)).containsAll(BUSY_2);
            assertThat(replies(engine)).usingRecursiveComparison().isEqualTo(before);
        }
    }

    @Test
    void countsAddUp() {
        long once;
        try (OpenModel engine = open(packed, GPU_BYTES)) {
            replies(engine);
            once = engine.model().expertUse().orElseThrow().tokens();
        }
        assertThat(PackedModel.in(packed).expertUse().orElseThrow().tokens()).isEqualTo(once);
        try (OpenModel engine = open(packed, GPU_BYTES)) {
            replies(engine);
        }
        ExpertUse kept = PackedModel.in(packed).expertUse().orElseThrow();
        assertThat(kept.tokens()).isEqualTo(2 * once);
        assertThat(kept.layers().get(1)).endsWith(2 * once, 2 * once);
    }

    @Test
    void aModelThatSaidNothingLeavesNoCounts() {
        open(packed, GPU_BYTES).close();
        assertThat(packed.resolve("experts.json")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[]",
                "{\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3]],\"tokens\":100}",
                "{\"chosen_by_layer\":[null,[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,8]],\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,null]],\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,-1]],\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,101]],\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,\"x\"]],\"tokens\":100}",
                "{\"chosen_by_layer\":[[],[0,0,0,0,0,0,0,0],[1,2,3,4,5,6,7,8]],\"tokens\":0}"
            })
    void aDamagedFileCountsAsNone(String content) throws IOException {
        Files.writeString(packed.resolve("experts.json"), content);
        assertThat(PackedModel.in(packed).expertUse()).isEmpty();
        try (OpenModel engine = open(packed, GPU_BYTES)) {
            replies(engine);
        }
        assertThat(PackedModel.in(packed).expertUse()).as("and is replaced").isPresent();
    }

    @Test
    void oldCountsFade() {
        ExpertUse old = new ExpertUse(List.of(List.of(2_000_000L, 0L)), 2_000_000);
        ExpertUse both = old.and(new ExpertUse(List.of(List.of(0L, 10L)), 10));
        assertThat(both.layers()).containsExactly(List.of(1_000_000L, 10L));
        assertThat(both.tokens()).isEqualTo(1_000_010);
        assertThat(both.share(0, 0)).isBetween(0.999, 0.99999);
        assertThatThrownBy(() -> new ExpertUse(List.of(List.of()), 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
