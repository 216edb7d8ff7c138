package dev.flexgen.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.model.RowSelection;
import dev.flexgen.engine.model.RowSelection.Axis;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every stored type in every held type, by output and by input, against one number at a time. */
class MatrixPipelineTest {

    private static final WorkerPool POOL = new WorkerPool(3);
    private static final int OUTPUTS = 70;
    private static final int INPUTS = 45;

    /** Rows of a fused tensor of three parts: 7 heads of 10 rows. */
    private static final RowSelection FUSED =
            new RowSelection(3L * OUTPUTS, 10, List.of(new Axis(7, 30), new Axis(10, 1)));

    @AfterAll
    static void close() {
        POOL.close();
    }

    static Stream<Arguments> types() {
        return Stream.of(ElementType.F64, ElementType.F32, ElementType.F16, ElementType.BF16)
                .flatMap(stored -> Stream.of(DType.values()).map(held -> Arguments.of(stored, held)));
    }

    private static RoleTensor tensor(ElementType type, double[] numbers, RowSelection rows) {
        ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(numbers.length)).order(ByteOrder.LITTLE_ENDIAN);
        for (double number : numbers) {
            switch (type) {
                case F64 -> bytes.putDouble(number);
                case F32 -> bytes.putFloat((float) number);
                case F16 -> bytes.putShort(Float.floatToFloat16((float) number));
                case BF16 -> bytes.putShort(BFloat16.of((float) number));
                default -> throw new IllegalArgumentException(type.name());
            }
        }
        Shape stored = Shape.of(numbers.length / INPUTS, INPUTS);
        return new RoleTensor(
                "made.up",
                new Tensor(type, stored, MemorySegment.ofArray(bytes.array())),
                rows,
                Shape.of(rows.rows(), INPUTS));
    }

    private static float stored(ElementType type, double number) {
        return switch (type) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16((float) number));
            case BF16 -> BFloat16.toFloat(BFloat16.of((float) number));
            default -> (float) number;
        };
    }

    private static float held(DType type, ByteBuffer bytes, int index) {
        return switch (type) {
            case F32 -> bytes.getFloat(4 * index);
            case F16 -> Float.float16ToFloat(bytes.getShort(2 * index));
            case BF16 -> BFloat16.toFloat(bytes.getShort(2 * index));
        };
    }

    @ParameterizedTest
    @MethodSource("types")
    void numbersArriveWhereTheyBelong(ElementType type, DType held) {
        Random random = new Random(3);
        double[] numbers = random.doubles(3L * OUTPUTS * INPUTS, -2, 2).toArray();
        RoleTensor tensor = tensor(type, numbers, FUSED);
        MatrixPipeline pipeline = new MatrixPipeline(POOL, tensor, Encoding.of(held));
        for (int round = 0; round < 8; round++) {
            int firstOutput = random.nextInt(OUTPUTS);
            int outputs = 1 + random.nextInt(OUTPUTS - firstOutput);
            byte[] up = new byte[(int) held.bytes((long) outputs * INPUTS)];
            pipeline.outputs(firstOutput, MemorySegment.ofArray(up));
            int firstInput = random.nextInt(INPUTS);
            int inputs = 1 + random.nextInt(INPUTS - firstInput);
            byte[] down = new byte[(int) held.bytes((long) inputs * OUTPUTS)];
            pipeline.inputs(firstInput, inputs, MemorySegment.ofArray(down));

            ByteBuffer byOutput = ByteBuffer.wrap(up).order(ByteOrder.LITTLE_ENDIAN);
            for (int o = 0; o < outputs; o++) {
                for (int i = 0; i < INPUTS; i++) {
                    assertNumber(byOutput, o * INPUTS + i, numbers, firstOutput + o, i, type, held);
                }
            }
            ByteBuffer byInput = ByteBuffer.wrap(down).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < inputs; i++) {
                for (int o = 0; o < OUTPUTS; o++) {
                    assertNumber(byInput, i * OUTPUTS + o, numbers, o, firstInput + i, type, held);
                }
            }
        }
    }

    private static void assertNumber(
            ByteBuffer actual, int at, double[] numbers, int output, int input, ElementType type, DType held) {
        int storedRow = output / 10 * 30 + 10 + output % 10;
        float number = stored(type, numbers[storedRow * INPUTS + input]);
        if (held(held, actual, at) != stored(ElementType.of(held), number)) {
            assertThat(held(held, actual, at))
                    .as("output %d, input %d", output, input)
                    .isEqualTo(stored(ElementType.of(held), number));
        }
    }

    @Test
    void numbersThatTheHeldTypeCannotHoldAreRefused() {
        double[] numbers = new double[INPUTS];
        numbers[44] = 1e300;
        assertRefused(ElementType.F64, numbers, DType.F32, "made.up holds the number 1.0E300, beyond the range of F32");
        numbers[44] = 70_000;
        assertRefused(ElementType.F32, numbers, DType.F16, "made.up holds the number 70000.0, beyond the range of F16");
        numbers[44] = Double.POSITIVE_INFINITY;
        byte[] kept = new byte[2 * INPUTS];
        new MatrixPipeline(POOL, tensor(ElementType.F64, numbers, RowSelection.all(1)), Encoding.F16)
                .outputs(0, MemorySegment.ofArray(kept));
        assertThat(kept[89]).isEqualTo((byte) 0x7c);
    }

    private static void assertRefused(ElementType type, double[] numbers, DType held, String message) {
        MatrixPipeline pipeline =
                new MatrixPipeline(POOL, tensor(type, numbers, RowSelection.all(1)), Encoding.of(held));
        assertThatThrownBy(() -> pipeline.outputs(0, MemorySegment.ofArray(new byte[(int) held.bytes(INPUTS)])))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(message);
        assertThatThrownBy(() -> pipeline.inputs(0, INPUTS, MemorySegment.ofArray(new byte[(int) held.bytes(INPUTS)])))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(message);
    }
}
