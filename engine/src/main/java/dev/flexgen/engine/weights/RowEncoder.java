package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.cpu.GroupEncoder;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes rows of floats as devices hold them. Owned by one thread. */
@FunctionalInterface
interface RowEncoder {

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
            case Encoding.Grouped grouped -> grouped(new GroupEncoder(grouped), grouped, tensor);
        };
    }

    private static RowEncoder grouped(GroupEncoder encoder, Encoding encoding, RoleTensor tensor) {
        return (numbers, at, columns, target, offset) -> {
            int bad = encoder.encode(numbers, at, columns, target.asSlice(offset, encoding.rowBytes(columns)));
            if (bad >= 0) {
                throw EngineException.model("Tensor " + tensor.name() + " holds the number " + numbers[bad] + ", which "
                        + encoding.name() + " cannot hold; "
                        + (Float.isFinite(numbers[bad])
                                ? "keep its weights as stored with --weights native"
                                : "fetch or convert the model again"));
            }
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
