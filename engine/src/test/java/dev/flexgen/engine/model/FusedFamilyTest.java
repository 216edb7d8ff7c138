package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.SafetensorsWriter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.RowSelection.Axis;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.MatrixLayout;
import dev.flexgen.engine.weights.WeightEncodings;
import dev.flexgen.engine.weights.WeightPacker;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A family that fuses query, key and value of each head as BLOOM and NeoX do, keeps the rows of its attention output by halves
 * and stacks the norms of all layers, loaded from the golden models' weights rearranged: every block is the same to the byte.
 */
class FusedFamilyTest {

    /** Made up. */
    private static final class Fused implements Family {
        private static final Opt OPT = new Opt();

        private static final TensorNames NAMES = TensorNames.withPrefixes("transformer.")
                .part(ModelPart.TOKENS, "wte")
                .part(ModelPart.POSITIONS, "wpe")
                .part(ModelPart.PROJECT_IN, "wide")
                .part(ModelPart.PROJECT_OUT, "narrow")
                .part(ModelPart.FINAL_NORM, "ln_f")
                .part(ModelPart.HEAD, "lm_head")
                .rows(
                        ModelPart.ATTENTION_NORM,
                        "ln_1",
                        (spec, layer, expert) -> RowSelection.range(
                                (long) spec.layers() * spec.width(), (long) layer * spec.width(), spec.width()))
                .rows(ModelPart.QUERY, "h.{layer}.qkv", (spec, layer, expert) -> part(spec, 0))
                .rows(ModelPart.KEY, "h.{layer}.qkv", (spec, layer, expert) -> part(spec, 1))
                .rows(ModelPart.VALUE, "h.{layer}.qkv", (spec, layer, expert) -> part(spec, 2))
                .rows(ModelPart.ATTENTION_OUT, "h.{layer}.dense", (spec, layer, expert) -> halves(spec))
                .part(ModelPart.FFN_NORM, "h.{layer}.ln_2")
                .part(ModelPart.UP, "h.{layer}.up")
                .part(ModelPart.DOWN, "h.{layer}.down")
                .build();

        static RowSelection part(ModelSpec spec, int part) {
            long dim = spec.headDim();
            return new RowSelection(
                    3 * dim * spec.heads(), part * dim, List.of(new Axis(spec.heads(), 3 * dim), new Axis(dim, 1)));
        }

        /** Row 2m + j is stored as row m + j * E/2, as rotary pairs are in Llama's files and in GLM's. */
        static RowSelection halves(ModelSpec spec) {
            long half = spec.width() / 2;
            return new RowSelection(spec.width(), 0, List.of(new Axis(half, 1), new Axis(2, half)));
        }

        @Override
        public String name() {
            return "fused";
        }

        @Override
        public ModelSpec spec(ConfigJson config) {
            return OPT.spec(config);
        }

        @Override
        public ModelSpec spec(Dimensions dimensions, Activation activation) {
            return OPT.spec(dimensions, activation);
        }

        @Override
        public TensorNames tensors() {
            return NAMES;
        }
    }

    private static final Fused FUSED = new Fused();

    @TempDir
    Path folder;

    /** Writes the golden weights as the made-up family stores them. */
    private void rearrange(ModelTensors golden) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        ModelSpec spec = golden.spec();
        List<String> done = new ArrayList<>();
        for (TensorSpec tensor : spec.tensors()) {
            for (int layer = 0; golden.has(tensor.role()) && layer < tensor.layers(); layer++) {
                TensorRef ref =
                        FUSED.tensors().refs(spec, tensor.role(), layer, 0).getFirst();
                if (done.contains(ref.name())) {
                    continue;
                }
                done.add(ref.name());
                List<TensorSpec> sharing = spec.tensors().stream()
                        .filter(storedIn(golden, ref.name(), layer))
                        .toList();
                add(writer, golden, sharing, ref);
            }
        }
        writer.write(folder);
    }

    private static Predicate<TensorSpec> storedIn(ModelTensors golden, String name, int layer) {
        return tensor -> golden.has(tensor.role())
                && FUSED.tensors().spellings(tensor.role(), layer, 0).contains(name);
    }

    private static void add(SafetensorsWriter writer, ModelTensors golden, List<TensorSpec> sharing, TensorRef ref) {
        ModelSpec spec = golden.spec();
        TensorSpec first = sharing.getFirst();
        Tensor like = golden.get(first.role(), 0).stored();
        long columns = first.shape().rank() == 1 ? 1 : first.shape().extent(1);
        long rows =
                ref.rows().map(RowSelection::storedRows).orElse(first.shape().extent(0));
        int rowBytes = (int) like.type().bytes(columns);
        byte[] bytes = new byte[(int) (rows * rowBytes)];
        for (TensorSpec tensor : sharing) {
            for (int layer = 0; layer < tensor.layers(); layer++) {
                TensorRef own =
                        FUSED.tensors().refs(spec, tensor.role(), layer, 0).getFirst();
                if (own.name().equals(ref.name())) {
                    RowSelection selection = own.rows().orElse(RowSelection.all(rows));
                    byte[] source =
                            golden.get(tensor.role(), layer).stored().data().toArray(ValueLayout.JAVA_BYTE);
                    for (int row = 0; row < selection.rows(); row++) {
                        int target = (int) selection.stored(row) * rowBytes;
                        System.arraycopy(source, row * rowBytes, bytes, target, rowBytes);
                    }
                }
            }
        }
        Shape shape = first.shape().rank() == 1 ? Shape.of(rows) : Shape.of(rows, columns);
        writer.add("transformer." + ref.name(), like.type(), shape, bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt-f16", "opt350m-f32"})
    void rearrangedWeightsLoadToTheSameBytes(String model) throws IOException {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        try (Checkpoint stored = Checkpoints.open(Fixtures.golden(model));
                WorkerPool pool = new WorkerPool(3)) {
            ModelTensors golden = new ModelTensors(spec, stored);
            rearrange(golden);
            try (Checkpoint rearranged = Checkpoints.open(folder)) {
                ModelTensors fused = new ModelTensors(spec, FUSED, rearranged);
                Random random = new Random(5);
                for (TensorSpec tensor : spec.tensors()) {
                    assertThat(fused.has(tensor.role())).isEqualTo(golden.has(tensor.role()));
                    for (int layer = 0; golden.has(tensor.role()) && layer < tensor.layers(); layer++) {
                        assertSame(golden, fused, tensor, layer, pool, random);
                    }
                }
            }
        }
    }

    private static void assertSame(
            ModelTensors golden, ModelTensors fused, TensorSpec tensor, int layer, WorkerPool pool, Random random) {
        if (tensor.shape().rank() == 1) {
            int count = (int) tensor.shape().extent(0);
            int from = random.nextInt(count);
            assertThat(vector(fused, tensor.role(), layer, from, count - from, pool))
                    .isEqualTo(vector(golden, tensor.role(), layer, from, count - from, pool));
            return;
        }
        ModelPart part = tensor.role().part();
        int rows = (int) tensor.shape().extent(part.isDown() ? 1 : 0);
        int columns = (int) tensor.shape().extent(part.isDown() ? 0 : 1);
        for (int i = 0; i < 3; i++) {
            int from = i == 0 ? 0 : random.nextInt(rows);
            int count = i == 0 ? rows : 1 + random.nextInt(rows - from);
            boolean bias = !part.isDown() && golden.has(part.bias());
            MatrixLayout layout = MatrixLayout.after(
                    64, Encoding.of(golden.get(tensor.role(), layer).dtype()), count, columns, bias);
            assertThat(packed(fused, part, layer, from, layout, pool))
                    .as("%s of layer %d, %d from %d", part, layer, count, from)
                    .isEqualTo(packed(golden, part, layer, from, layout, pool));
        }
    }

    private static float[] vector(ModelTensors tensors, Role role, int layer, int from, int count, WorkerPool pool) {
        float[] numbers = new float[count];
        new CheckpointRows(tensors, () -> {}, pool).vector(role, layer, from, MemorySegment.ofArray(numbers));
        return numbers;
    }

    private static byte[] packed(
            ModelTensors tensors, ModelPart part, int layer, int from, MatrixLayout layout, WorkerPool pool) {
        byte[] block = new byte[(int) layout.end()];
        new WeightPacker(WeightEncodings.asStored(tensors), new CheckpointRows(tensors, () -> {}, pool))
                .pack(part, layer, from, layout, MemorySegment.ofArray(block));
        return block;
    }

    @Test
    void aFusedTensorOfAnotherShapeIsNamed() throws IOException {
        ModelSpec spec = Families.read(Fixtures.golden("opt-f32"));
        try (Checkpoint stored = Checkpoints.open(Fixtures.golden("opt-f32"))) {
            rearrange(new ModelTensors(spec, stored));
        }
        ModelSpec wider = new ModelSpec(
                spec.family(),
                spec.width(),
                spec.tokens(),
                LayerStack.of(withHeads(spec.block(0), spec.heads() + 1), spec.layers()),
                spec.finalNorm(),
                spec.head(),
                spec.positions(),
                spec.beginToken(),
                spec.endTokens());
        try (Checkpoint rearranged = Checkpoints.open(folder)) {
            assertThatThrownBy(() -> new ModelTensors(wider, FUSED, rearranged))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContainingAll("tensor transformer.h.0.qkv.weight has shape", "by config.json");
        }
    }

    private static Block withHeads(Block block, int heads) {
        AttentionSpec of = block.attention();
        AttentionSpec attention = new AttentionSpec(
                heads, heads, of.headDim(), of.inputBias(), of.outputBias(), of.positions(), Optional.empty());
        return new Block(block.norm(), block.normPlace(), block.residual(), attention, block.feedForward());
    }
}
