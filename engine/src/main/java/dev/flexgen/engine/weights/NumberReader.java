package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads the numbers of a checkpoint's tensor as floats, whatever their stored type. Owned by one thread. */
final class NumberReader {

    private final RoleTensor tensor;
    private final ElementType type;
    private final MemorySegment data;
    private short[] shorts = {};

    NumberReader(RoleTensor tensor) {
        this.tensor = tensor;
        this.type = tensor.stored().type();
        this.data = tensor.stored().data();
    }

    /**
     * Reads neighbouring numbers of the stored tensor.
     *
     * @param from index of the first
     * @throws EngineException if a number is too large for a float
     */
    void read(long from, float[] target, int at, int count) {
        long offset = type.bytes(from);
        switch (type) {
            case F32 -> MemorySegment.copy(data, ValueLayout.JAVA_FLOAT_UNALIGNED, offset, target, at, count);
            case F16 -> {
                short[] bits = shorts(offset, count);
                for (int i = 0; i < count; i++) {
                    target[at + i] = Float.float16ToFloat(bits[i]);
                }
            }
            case BF16 -> {
                short[] bits = shorts(offset, count);
                for (int i = 0; i < count; i++) {
                    target[at + i] = BFloat16.toFloat(bits[i]);
                }
            }
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = narrowed(data.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, offset + 8L * i));
                }
            }
            default -> throw new IllegalStateException("no weight has elements of type " + type);
        }
    }

    /** In heap memory: reading a segment number by number is slow until that code is compiled, as at a start of the program. */
    private short[] shorts(long offset, int count) {
        if (shorts.length < count) {
            shorts = new short[count];
        }
        MemorySegment.copy(data, ValueLayout.JAVA_SHORT_UNALIGNED, offset, shorts, 0, count);
        return shorts;
    }

    private float narrowed(double number) {
        float narrow = (float) number;
        if (Float.isInfinite(narrow) && Double.isFinite(number)) {
            throw EngineException.model("Tensor " + tensor.name() + " holds the number " + number
                    + ", beyond the range of F32; fetch or convert the model again");
        }
        return narrow;
    }
}
