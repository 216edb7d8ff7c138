package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Whether kernels that give tensor cores 16-bit factors met numbers beyond F16's range, which ends at 65504. They note it in host
 * memory that they can write to, so looking after each step costs nothing. Few models have such numbers; once one was met, all
 * that might be computed with others takes ways that hold them, for as long as the device is open. Owned by the engine's thread.
 */
final class RangeWatch {

    /** Of the memory for what is noted. */
    static final long BYTES = 8;

    private final MemorySegment noted;
    private boolean wideFactors;
    private boolean wideQueries;

    /** @param noted zeroed host memory of {@link #BYTES} that kernels can write to */
    RangeWatch(MemorySegment noted) {
        this.noted = noted.asSlice(0, BYTES);
    }

    /** Where a kernel notes an activation that is to be multiplied with weights. */
    long factors() {
        return noted.address();
    }

    /** Where a kernel notes a scaled query. */
    long queries() {
        return noted.address() + 4;
    }

    /** Whether activations have to be expected that are beyond the range of {@code dtype}. */
    boolean wideFactors(DType dtype) {
        return wideFactors && dtype == DType.F16;
    }

    /** Whether queries have to be expected that are. */
    boolean wideQueries(DType dtype) {
        return wideQueries && dtype == DType.F16;
    }

    /** After all kernels: whether one of them noted something, so that it has to be computed again, now in other ways. */
    boolean changed() {
        boolean factors = noted.get(ValueLayout.JAVA_INT, 0) != 0;
        boolean queries = noted.get(ValueLayout.JAVA_INT, 4) != 0;
        noted.fill((byte) 0);
        wideFactors |= factors;
        wideQueries |= queries;
        return factors || queries;
    }
}
