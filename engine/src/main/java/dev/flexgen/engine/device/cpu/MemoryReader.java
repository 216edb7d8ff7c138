package dev.flexgen.engine.device.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads memory as fast as one thread can and computes nothing with it: what a measurement of memory needs. Loads of whole vectors,
 * because a loop of single numbers is bound by its own instructions. Stateless; any thread.
 */
public final class MemoryReader {

    /** Bytes are read in multiples of this. */
    public static final int STEP = 256;

    private static final VectorSpecies<Integer> INTS = VectorUnit.INTS;
    private static final int VECTOR = INTS.vectorByteSize();

    private MemoryReader() {}

    /**
     * Reads {@code bytes} from {@code from} on.
     *
     * @param bytes a multiple of {@link #STEP}
     * @return all of it as integers, joined by exclusive or: zero for zeroed memory
     */
    public static int read(MemorySegment memory, long from, int bytes) {
        IntVector a = IntVector.zero(INTS);
        IntVector b = a;
        IntVector c = a;
        IntVector d = a;
        for (int at = 0; at < bytes; at += 4 * VECTOR) {
            a = a.lanewise(VectorOperators.XOR, load(memory, from + at));
            b = b.lanewise(VectorOperators.XOR, load(memory, from + at + VECTOR));
            c = c.lanewise(VectorOperators.XOR, load(memory, from + at + 2L * VECTOR));
            d = d.lanewise(VectorOperators.XOR, load(memory, from + at + 3L * VECTOR));
        }
        IntVector all =
                a.lanewise(VectorOperators.XOR, b).lanewise(VectorOperators.XOR, c.lanewise(VectorOperators.XOR, d));
        return all.reduceLanes(VectorOperators.XOR);
    }

    private static IntVector load(MemorySegment memory, long offset) {
        return IntVector.fromMemorySegment(INTS, memory, offset, ByteOrder.LITTLE_ENDIAN);
    }
}
