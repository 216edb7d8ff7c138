package dev.flexgen.engine.device.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one kernel launch in native memory, as the driver wants them: the values, and an array of pointers to them.
 * Refilled for every launch without allocating. One thread at a time.
 */
final class KernelArguments {

    /** What every driver and GPU accepts. */
    static final int MAX_BYTES = 4096;

    private static final int MAX_COUNT = 32;

    private final MemorySegment values;
    private final MemorySegment pointers;
    private long used;
    private int count;

    /** @param arena holds the native memory; live as long as launches are made */
    KernelArguments(Arena arena) {
        values = arena.allocate(MAX_BYTES, 16);
        pointers = arena.allocate(ValueLayout.ADDRESS, MAX_COUNT);
    }

    /** Forgets the arguments of the last launch. */
    KernelArguments clear() {
        used = 0;
        count = 0;
        return this;
    }

    /** A device pointer: the segment's address, or null for none. */
    KernelArguments pointer(@Nullable MemorySegment segment) {
        return address(segment == null ? 0 : segment.address());
    }

    KernelArguments address(long address) {
        values.set(ValueLayout.JAVA_LONG, next(8, 8), address);
        return this;
    }

    KernelArguments number(int value) {
        values.set(ValueLayout.JAVA_INT, next(4, 4), value);
        return this;
    }

    KernelArguments number(long value) {
        values.set(ValueLayout.JAVA_LONG, next(8, 8), value);
        return this;
    }

    KernelArguments number(float value) {
        values.set(ValueLayout.JAVA_FLOAT, next(4, 4), value);
        return this;
    }

    /** A structure passed by value: {@code bytes} for the caller to fill. */
    MemorySegment structure(int bytes) {
        return values.asSlice(next(bytes, 16), bytes);
    }

    /** For {@code cuLaunchKernel}: {@code void**}. */
    MemorySegment pointers() {
        return pointers;
    }

    int count() {
        return count;
    }

    private long next(int bytes, int alignment) {
        long offset = (used + alignment - 1) & -alignment;
        pointers.setAtIndex(ValueLayout.JAVA_LONG, count++, values.address() + offset);
        used = offset + bytes;
        return offset;
    }
}
