package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Opening models: what is taken, what is refused, and that refusing leaves nothing behind. */
@Timeout(60)
class ModelTest {

    private static final EngineOptions OPTIONS = EngineOptions.defaults().withThreads(2);
    private static final RandomWeights RANDOM = new RandomWeights(DType.F16, 1, 0);

    @TempDir
    Path folder;

    /** Rewrites the golden F16 model into {@link #folder}, tensor by tensor. */
    private void rewrite(Rewriting rewriting) throws IOException {
        Path golden = Fixtures.golden("opt-f16");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        SafetensorsWriter writer = new SafetensorsWriter();
        try (Checkpoint checkpoint = Checkpoints.open(golden)) {
            for (String name : checkpoint.names()) {
                rewriting.write(writer, name, checkpoint.tensor(name));
            }
        }
        writer.write(folder);
    }

    private interface Rewriting {
        void write(SafetensorsWriter writer, String name, Tensor tensor);
    }

    @Test
    void normsInF32InsideAHalfPrecisionModelGiveTheSameNumbers() throws IOException {
        rewrite((writer, name, tensor) -> {
            if (name.contains("norm") || name.endsWith("bias")) {
                writer.addWidened(name, tensor);
            } else {
                writer.add(name, tensor);
            }
        });
        assertThat(scores(folder)).isEqualTo(scores(Fixtures.golden("opt-f16")));
    }

    @Test
    void matricesMayDifferInElementType() throws IOException {
        rewrite((writer, name, tensor) -> {
            if (name.contains("fc2") || name.contains("k_proj")) {
                writer.addWidened(name, tensor);
            } else {
                writer.add(name, tensor);
            }
        });
        assertThat(scores(folder)).isEqualTo(scores(Fixtures.golden("opt-f16")));
    }

    private static double[] scores(Path model) {
        try (OpenModel engine = OpenModel.open(model, OPTIONS)) {
            return engine.score(Expected.of("opt-f16").scoredIds(), new CancelToken());
        }
    }

    @Test
    void weightsThatAreNoNumbersAreRefusedWhenUsed() throws IOException {
        rewrite((writer, name, tensor) ->
                writer.add(name, name.contains("final_layer_norm.bias") ? nan(tensor) : tensor));
        try (OpenModel engine = OpenModel.open(folder, OPTIONS)) {
            assertThatThrownBy(() -> engine.score(new int[] {2, 3}, new CancelToken()))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("its weights are damaged");
        }
    }

    private static Tensor nan(Tensor tensor) {
        byte[] bytes = new byte[(int) tensor.data().byteSize()];
        Arrays.fill(bytes, (byte) 0xff);
        return new Tensor(tensor.dtype(), tensor.shape(), MemorySegment.ofArray(bytes));
    }

    static Stream<Arguments> damagedModels() {
        BiConsumer<SafetensorsWriter, Tensor> flat = (writer, tensor) -> writer.add(
                "model.decoder.layers.1.fc2.weight",
                new Tensor(tensor.dtype(), Shape.of(tensor.shape().elements()), tensor.data()));
        BiConsumer<SafetensorsWriter, Tensor> turned = (writer, tensor) -> writer.add(
                "model.decoder.layers.1.fc2.weight",
                new Tensor(
                        tensor.dtype(),
                        Shape.of(tensor.shape().extent(1), tensor.shape().extent(0)),
                        tensor.data()));
        BiConsumer<SafetensorsWriter, Tensor> nothing = (writer, tensor) -> {};
        return Stream.of(
                arguments(flat, "fc2.weight has shape [8880], but by config.json it must have [60, 148]"),
                arguments(turned, "fc2.weight has shape [148, 60], but by config.json it must have [60, 148]"),
                arguments(nothing, "tensor decoder.layers.1.fc2.weight is missing"));
    }

    @ParameterizedTest
    @MethodSource("damagedModels")
    void aDamagedModelIsRefused(BiConsumer<SafetensorsWriter, Tensor> damage, String message) throws IOException {
        rewrite((writer, name, tensor) -> {
            if (name.endsWith("layers.1.fc2.weight")) {
                damage.accept(writer, tensor);
            } else {
                writer.add(name, tensor);
            }
        });
        assertRefused(EngineException.Kind.MODEL, message);
    }

    static Stream<Arguments> foreignConfigs() {
        return Stream.of(
                arguments("\"hidden_size\": 60", "\"hidden_size\": 65", "decoder.project_in.weight is missing"),
                arguments("\"ffn_dim\": 148", "\"ffn_dim\": 149", "must have [149, 60]"),
                arguments("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2", "more layers than the 2"),
                arguments("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 16777216", "layers.3."),
                arguments("\"vocab_size\": 931", "\"vocab_size\": 932", "must have [932, 60]"),
                arguments(
                        "\"max_position_embeddings\": 128", "\"max_position_embeddings\": 129", "must have [131, 60]"));
    }

    @ParameterizedTest
    @MethodSource("foreignConfigs")
    void aConfigOfAnotherModelIsRefused(String stated, String changed, String message) throws IOException {
        rewrite(SafetensorsWriter::add);
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace(stated, changed));
        assertRefused(EngineException.Kind.MODEL, message);
    }

    @Test
    void aConfigOfAbsurdSizesIsRefusedBeforeAnythingIsLoaded() throws IOException {
        rewrite(SafetensorsWriter::add);
        Path config = folder.resolve("config.json");
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("\"vocab_size\": 931", "\"vocab_size\": 16777216")
                        .replace("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 16777216"));
        assertThatThrownBy(() -> OpenModel.open(folder, OPTIONS))
                .isInstanceOfSatisfying(
                        EngineException.class,
                        e -> assertThat(e.kind()).isIn(EngineException.Kind.PLACEMENT, EngineException.Kind.MODEL));
    }

    private void assertRefused(EngineException.Kind kind, String message) {
        assertThatThrownBy(() -> OpenModel.open(folder, OPTIONS))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    private static void assumeTheSystemTellsItsFreeMemory() {
        assumeTrue(AvailableMemory.bytes().isPresent(), "this system does not tell its free memory");
    }

    @Test
    void aModelThatNoMachineHoldsIsRefusedBeforeAnythingIsAllocated() {
        assumeTheSystemTellsItsFreeMemory();
        int most = 1 << 24;
        Dimensions absurd = new Dimensions(most, most, 1, 1, most, most, most, most, most);
        Dimensions opt175bManyTimes = new Dimensions(96_000, 12288, 96, 96, 128, 49152, 50272, 12288, 2048);
        for (Dimensions dimensions : new Dimensions[] {absurd, opt175bManyTimes}) {
            assertThatThrownBy(() -> OpenModel.random(Specs.opt(dimensions), RANDOM, OPTIONS, GpuSource.NONE))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                    .hasMessageContaining("GiB for weights")
                    .hasMessageContaining("choose a smaller model or --context");
        }
    }

    @Test
    void aContextThatNoMachineHoldsIsRefused() {
        assumeTheSystemTellsItsFreeMemory();
        Dimensions long24 = new Dimensions(1000, 1024, 16, 16, 64, 4, 10, 4, 1 << 24);
        assertThatThrownBy(
                        () -> OpenModel.random(Specs.opt(long24), RANDOM, OPTIONS.withContext(1 << 24), GpuSource.NONE))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("for a context of 16777216 tokens");
    }

    @Test
    void aContextBeyondTheModelsPositionsIsRefused() {
        assertThatThrownBy(() -> OpenModel.random(Specs.tiny(100), RANDOM, OPTIONS.withContext(101), GpuSource.NONE))
                .isInstanceOf(EngineException.class)
                .hasMessage("context is 101, but this model knows 100 positions; choose at most that");
    }

    @Test
    void aShorterContextLimitsConversations() {
        try (OpenModel engine = OpenModel.random(Specs.tiny(100), RANDOM, OPTIONS.withContext(1), GpuSource.NONE);
                Session conversation = engine.session()) {
            assertThat(conversation.limit()).isEqualTo(1);
            conversation.prefill(new int[] {5}, new CancelToken(), ProgressListener.NONE);
            assertThatThrownBy(() -> conversation.prefill(new int[] {5, 6}, new CancelToken(), ProgressListener.NONE))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("the context holds 1");
        }
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        assertThatThrownBy(() -> OPTIONS.withThreads(-1)).hasMessageContaining("threads is -1");
        assertThatThrownBy(() -> OPTIONS.withThreads(1025)).hasMessageContaining("threads is 1025");
        assertThatThrownBy(() -> OPTIONS.withContext(-1)).hasMessageContaining("context is -1");
        assertThatThrownBy(() -> new RandomWeights(DType.F16, 1, 1)).hasMessageContaining("active-neurons is 1.0");
        assertThatThrownBy(() -> new RandomWeights(DType.F16, 1, Double.NaN)).isInstanceOf(EngineException.class);
    }

    @Test
    void theCacheFollowsTheWeightsUnlessTold() {
        assertThat(KvType.AUTO.resolve(DType.F32)).isEqualTo(KvEncoding.F32);
        assertThat(KvType.AUTO.resolve(DType.F16)).isEqualTo(KvEncoding.F16);
        assertThat(KvType.AUTO.resolve(DType.BF16)).isEqualTo(KvEncoding.F16);
        for (DType weights : DType.values()) {
            assertThat(KvType.F32.resolve(weights)).isEqualTo(KvEncoding.F32);
            assertThat(KvType.F16.resolve(weights)).isEqualTo(KvEncoding.F16);
        }
    }

    @Test
    void aHalfPrecisionCacheTakesHalfTheMemory() {
        assertThat(cacheBytes(KvType.F32)).isEqualTo(2 * cacheBytes(KvType.F16));
    }

    private static long cacheBytes(KvType kv) {
        try (OpenModel engine = OpenModel.random(Specs.tiny(100), RANDOM, OPTIONS.withKv(kv), GpuSource.NONE);
                Session conversation = engine.session()) {
            conversation.prefill(new int[] {1}, new CancelToken(), ProgressListener.NONE);
            String cache = "HOST KV cache: ";
            return engine.ledger()
                    .report()
                    .lines()
                    .filter(line -> line.startsWith(cache))
                    .mapToLong(line -> Long.parseLong(line.substring(cache.length())))
                    .sum();
        }
    }
}
