package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Stored numbers to floats and back: the one place of the fast operations that knows element types. Kernels widen a tile that
 * fits the first-level cache and compute on that, which costs a fraction of the time that memory needs to deliver it.
 */
final class Convert {

    private static final VectorSpecies<Float> FLOATS = VectorUnit.FLOATS;
    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final VectorSpecies<Short> SHORTS = VectorUnit.SHORTS;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Convert() {}

    /** Reads {@code count} elements that start {@code offset} bytes into {@code source}. */
    static void read(DType dtype, MemorySegment source, long offset, float[] target, int at, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(source, FLOAT, offset, target, at, count);
            case F16 -> readHalf(source, offset, target, at, count);
            case BF16 -> readBrain(source, offset, target, at, count);
        }
    }

    /** Reads {@code count} floats from the {@code index}-th on. */
    static void floats(MemorySegment source, long index, float[] target, int count) {
        MemorySegment.copy(source, FLOAT, 4 * index, target, 0, count);
    }

    /** Writes {@code count} elements, rounded to the nearest. */
    static void write(DType dtype, float[] source, int at, MemorySegment target, long offset, int count) {
        switch (dtype) {
            case F32 -> MemorySegment.copy(source, at, target, FLOAT, offset, count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(SHORT, offset + 2L * i, Float.floatToFloat16(source[at + i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    target.set(SHORT, offset + 2L * i, BFloat16.of(source[at + i]));
                }
            }
        }
    }

    /**
     * A half's exponent and fraction, shifted into a float's place, are the value times 2^-112, subnormals included; a sign
     * extended before the shift lands where a float keeps it. Infinities come out as 65536: no trained weight is one.
     */
    private static void readHalf(MemorySegment source, long offset, float[] target, int at, int count) {
        int i = 0;
        for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
            ints(source, offset + 2L * i)
                    .lanewise(VectorOperators.LSHL, 13)
                    .and(0x8fffffff)
                    .reinterpretAsFloats()
                    .mul(0x1p112f)
                    .intoArray(target, at + i);
        }
        for (; i < count; i++) {
            target[at + i] = Float.float16ToFloat(source.get(SHORT, offset + 2L * i));
        }
    }

    private static void readBrain(MemorySegment source, long offset, float[] target, int at, int count) {
        int i = 0;
        for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
            ints(source, offset + 2L * i)
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .intoArray(target, at + i);
        }
        for (; i < count; i++) {
            target[at + i] = BFloat16.toFloat(source.get(SHORT, offset + 2L * i));
        }
    }

    /** Sixteen-bit elements, sign-extended. */
    private static IntVector ints(MemorySegment source, long offset) {
        Vector<Short> shorts = ShortVector.fromMemorySegment(SHORTS, source, offset, ByteOrder.LITTLE_ENDIAN);
        return (IntVector) shorts.convertShape(VectorOperators.S2I, INTS, 0);
    }
}
