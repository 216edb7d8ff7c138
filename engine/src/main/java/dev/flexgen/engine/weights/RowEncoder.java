package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.GroupCodec;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes rows of floats as devices hold them. Stateless. */
@FunctionalInterface
interface RowEncoder {

    /** Half of what F16 can hold. */
    float MOST_GROUPED = 32752;

    /**
     * Writes one row.
     *
     * @param at index of its first number in {@code numbers}
     * @param offset of the row in {@code target}, in bytes
     */
    void encode(float[] numbers, int at, int columns, MemorySegment target, long offset);

    /**
     * The encoder of an encoding.
     *
     * @param tensor to name in complaints about numbers that it cannot hold
     */
    static RowEncoder of(Encoding encoding, RoleTensor tensor) {
        return switch (encoding) {
            case Encoding.Plain(var type) -> plain(type, tensor);
            case Encoding.Grouped grouped -> grouped(new GroupCodec(grouped, GroupQuantizer.MIN_MAX), tensor);
        };
    }

    private static RowEncoder grouped(GroupCodec codec, RoleTensor tensor) {
        return (numbers, at, columns, target, offset) -> {
            for (int i = 0; i < columns; i++) {
                // The difference of two numbers must fit the scale's type as well.
                if (!(Math.abs(numbers[at + i]) <= MOST_GROUPED)) {
                    throw EngineException.model("Tensor " + tensor.name() + " holds the number " + numbers[at + i]
                            + ", which " + codec.encoding().name() + " cannot hold; "
                            + (Float.isFinite(numbers[at + i])
                                    ? "keep its weights as stored with --weights native"
                                    : "fetch or convert the model again"));
                }
            }
            codec.encode(
                    numbers,
                    at,
                    columns,
                    target.asSlice(offset, codec.encoding().rowBytes(columns)));
        };
    }

    private static RowEncoder plain(DType type, RoleTensor tensor) {
        return switch (type) {
            case F32 ->
                (numbers, at, columns, target, offset) ->
                        MemorySegment.copy(numbers, at, target, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, columns);
            case F16 ->
                (numbers, at, columns, target, offset) -> {
                    for (int i = 0; i < columns; i++) {
                        short half = Float.floatToFloat16(numbers[at + i]);
                        if ((half & 0x7fff) == 0x7c00 && Float.isFinite(numbers[at + i])) {
                            throw EngineException.model("Tensor " + tensor.name() + " holds the number "
                                    + numbers[at + i] + ", beyond the range of F16; keep its weights in BF16 or F32");
                        }
                        target.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset + 2L * i, half);
                    }
                };
            case BF16 ->
                (numbers, at, columns, target, offset) -> {
                    for (int i = 0; i < columns; i++) {
                        target.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset + 2L * i, BFloat16.of(numbers[at + i]));
                    }
                };
        };
    }
}
