package dev.flexgen.engine.device.cuda;

import java.lang.foreign.MemorySegment;

/**
 * Device memory that a kernel leaves no longer than until the next operation: rounded activations, partial sums. In front lie
 * counters, which kernels leave at zero, the table of a long cache's blocks, and a factor for each row of activations. All users are on
 * one stream, one after another.
 */
final class DeviceScratch {

    /** Blocks that may share a counter's tile at a time. */
    static final int COUNTERS = 16 * 1024;

    /** Addresses in the table of blocks: a key and a value for each. */
    static final int TABLE_ENTRIES = 32 * 1024;

    /** Rows that have room for a factor each. */
    static final int LIFTS = 1024;

    private static final long TABLE = 4L * COUNTERS;
    private static final long LIFT = TABLE + 8L * TABLE_ENTRIES;
    private static final long FREE = LIFT + 4L * LIFTS;

    /** Less would not hold the partial sums of every operation. */
    static final long MIN_BYTES = 8L << 20;

    private final MemorySegment memory;

    /** @param memory zeroed */
    DeviceScratch(MemorySegment memory) {
        if (memory.byteSize() < MIN_BYTES) {
            throw new IllegalArgumentException("scratch of " + memory.byteSize() + " bytes, needs " + MIN_BYTES);
        }
        this.memory = memory;
    }

    long counters() {
        return memory.address();
    }

    long table() {
        return memory.address() + TABLE;
    }

    /** What rows of activations were divided by to be rounded. */
    long lifts() {
        return memory.address() + LIFT;
    }

    /** The first half of what is free. */
    MemorySegment activations() {
        return memory.asSlice(FREE, halfBytes());
    }

    /** The second half of what is free. */
    long partials() {
        return memory.address() + FREE + halfBytes();
    }

    /** A multiple of 256. */
    long halfBytes() {
        return (memory.byteSize() - FREE) / 2 & -256L;
    }
}
