package dev.flexgen.engine.model;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.Specs;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.RandomCheckpoint.Drawn;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.RandomOperands;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.ScalarOps;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RandomModelTest {

    /** More than any tensor of the catalogue has in 16 bits. */
    private static final long LARGEST_BYTES = 8L << 30;

    private static final ModelSpec SPEC = Specs.opt(new Dimensions(2, 256, 4, 4, 64, 1024, 97, 256, 64));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.06, 0.3, 0.5})
    void theAskedShareOfNeuronsIsActive(double share) {
        try (Checkpoint checkpoint = RandomModel.checkpoint(SPEC, new RandomWeights(DType.F32, 1, share))) {
            ModelTensors tensors = new ModelTensors(SPEC, checkpoint);
            for (int layer = 0; layer < SPEC.layers(); layer++) {
                double wanted = share == 0 ? 0.5 : share;
                assertThat(activeShare(tensors, layer)).isCloseTo(wanted, within(0.02));
            }
        }
    }

    private static double activeShare(ModelTensors tensors, int layer) {
        ScalarOps ops = new ScalarOps();
        try (Arena arena = Arena.ofConfined()) {
            RandomOperands operands = new RandomOperands(arena, 2);
            Rows in = operands.rows(20, SPEC.width());
            Rows out = operands.rows(20, SPEC.ffnWidth());
            ops.norm(new Norm(1e-5f, null, null), in, in);
            Tensor up = tensors.get(ModelPart.UP.weight(), layer).stored();
            Matrix weight = new Matrix(Encoding.of(up.dtype()), SPEC.ffnWidth(), SPEC.width(), up.data());
            ops.up(
                    new Linear(
                            weight,
                            tensors.get(ModelPart.UP.bias(), layer).stored().data()),
                    in,
                    out);
            int active = 0;
            for (int i = 0; i < out.count() * out.width(); i++) {
                active += out.data().getAtIndex(ValueLayout.JAVA_FLOAT, i) > 0 ? 1 : 0;
            }
            return active / (double) (out.count() * out.width());
        }
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void normsAreOnesInEveryElementType(DType dtype) {
        try (Checkpoint checkpoint = RandomModel.checkpoint(SPEC, new RandomWeights(dtype, 1, 0))) {
            Tensor norm = new ModelTensors(SPEC, checkpoint)
                    .get(ModelPart.FFN_NORM.weight(), 1)
                    .stored();
            int bits = Float.floatToRawIntBits(1f);
            for (long i = 0; i < SPEC.width(); i++) {
                switch (dtype) {
                    case F32 ->
                        assertThat(norm.data().getAtIndex(ValueLayout.JAVA_INT, i))
                                .isEqualTo(bits);
                    case F16 ->
                        assertThat(norm.data().getAtIndex(ValueLayout.JAVA_SHORT, i))
                                .isEqualTo((short) 0x3c00);
                    case BF16 ->
                        assertThat(norm.data().getAtIndex(ValueLayout.JAVA_SHORT, i))
                                .isEqualTo((short) (bits >>> 16));
                }
            }
        }
    }

    @Test
    void theSeedDecidesTheWeights() {
        assertThat(firstWeights(1)).isEqualTo(firstWeights(1)).isNotEqualTo(firstWeights(2));
    }

    private static float[] firstWeights(long seed) {
        try (Checkpoint checkpoint = RandomModel.checkpoint(SPEC, new RandomWeights(DType.F32, seed, 0))) {
            return new ModelTensors(SPEC, checkpoint)
                    .get(ModelPart.UP.weight(), 0)
                    .stored()
                    .data()
                    .asSlice(0, 400)
                    .toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /** Shapes alone, over one sparse file: the largest has 176 billion weights. */
    @Test
    void everyPublishedModelHasAllItsTensors() throws IOException {
        Path file = folder.resolve("numbers");
        List<ModelSpec> specs = Catalogue.load().entries().stream()
                .map(PublishedModels::spec)
                .distinct()
                .toList();
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(file, CREATE_NEW, SPARSE, READ, WRITE)) {
            MemorySegment numbers = channel.map(FileChannel.MapMode.READ_WRITE, 0, LARGEST_BYTES, arena);
            for (ModelSpec spec : specs) {
                Map<String, Drawn> drawn = RandomModel.tensors(spec, new RandomWeights(DType.F16, 1, 0));
                ModelTensors tensors = new ModelTensors(spec, new Shapes(drawn, numbers));
                UniformTypes planned =
                        new UniformTypes(spec, DType.F16, !spec.head().tied());
                assertThat(spec.tensors())
                        .extracting(TensorSpec::role)
                        .allMatch(it -> tensors.has(it) == planned.has(it));
                assertThat(elements(drawn)).as(spec.family()).isEqualTo(spec.parameters());
            }
        }
    }

    private static long elements(Map<String, Drawn> drawn) {
        return drawn.values().stream().mapToLong(it -> it.shape().elements()).sum();
    }

    private record Shapes(Map<String, Drawn> drawn, MemorySegment numbers) implements Checkpoint {

        @Override
        public Set<String> names() {
            return drawn.keySet();
        }

        @Override
        public Tensor tensor(String name) {
            Shape shape = Objects.requireNonNull(drawn.get(name), name).shape();
            return new Tensor(DType.F16, shape, numbers.asSlice(0, DType.F16.bytes(shape.elements())));
        }

        @Override
        public String description() {
            return "shapes";
        }

        @Override
        public void close() {}
    }

    @Test
    void expertsDifferAlsoWhereSomeLayersHaveNone() {
        ModelSpec spec = Families.read(Fixtures.golden("qwen3moestep-f32"));
        Map<String, Drawn> drawn = RandomModel.tensors(spec, new RandomWeights(DType.F16, 1, 0));
        assertThat(drawn)
                .containsKeys("layers.0.mlp.up_proj.weight", "layers.1.mlp.experts.0.up_proj.weight")
                .containsKeys("layers.1.mlp.experts.1.up_proj.weight")
                .doesNotContainKeys("layers.1.mlp.up_proj.weight", "layers.0.mlp.experts.0.up_proj.weight");
    }
}
