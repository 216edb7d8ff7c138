package dev.flexgen.engine.device;

import java.lang.foreign.MemorySegment;

/**
 * Activations: one F32 row of {@code width} numbers for each token of a step, row after row. // [count, width]
 *
 * @param data at least {@code 4 * count * width} bytes in the memory of the device that computes on them
 */
public record Rows(MemorySegment data, int count, int width) {

    public Rows {
        if (data.byteSize() < 4L * count * width) {
            throw new IllegalArgumentException(
                    count + " rows of " + width + " do not fit " + data.byteSize() + " bytes");
        }
    }

    /** The first rows of a piece of memory. */
    public static Rows in(MemorySegment memory, int count, int width) {
        return new Rows(memory.asSlice(0, 4L * count * width), count, width);
    }

    /** Rows {@code from} to {@code from + count - 1}, in place. */
    public Rows slice(int from, int count) {
        return new Rows(data.asSlice(4L * from * width, 4L * count * width), count, width);
    }

    public long bytes() {
        return 4L * count * width;
    }
}
