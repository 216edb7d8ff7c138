package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.Specs;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.RandomOperands;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.ScalarOps;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RandomModelTest {

    private static final ModelSpec SPEC = Specs.opt(new Dimensions(2, 256, 4, 4, 64, 1024, 97, 256, 64));

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
}
