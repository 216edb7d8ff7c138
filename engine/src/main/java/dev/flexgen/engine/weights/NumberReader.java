package dev.flexgen.engine.weights;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.ElementType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads the numbers of a checkpoint's tensor as floats, whatever their stored type. */
final class NumberReader {

    private final RoleTensor tensor;
    private final ElementType type;
    private final MemorySegment data;

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
                for (int i = 0; i < count; i++) {
                    target[at + i] = Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset + 2L * i));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target[at + i] = BFloat16.toFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset + 2L * i));
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

    private float narrowed(double number) {
        float narrow = (float) number;
        if (Float.isInfinite(narrow) && Double.isFinite(number)) {
            throw EngineException.model("Tensor " + tensor.name() + " holds the number " + number
                    + ", beyond the range of F32; fetch or convert the model again");
        }
        return narrow;
    }
}
