package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;

/** The residual stream and its normed rows, on a device that is home to some layers. Allocated once for the largest step. */
final class HomeActivations implements AutoCloseable {

    private final Buffer buffer;
    private final int width;
    private final long halfBytes;

    /** @param rows most tokens of a step */
    HomeActivations(Device device, int rows, int width) {
        this.width = width;
        this.halfBytes = 4L * rows * width;
        this.buffer = device.allocate("activations", 2 * halfBytes);
    }

    /** // [count, E] */
    Rows residual(int count) {
        return rows(0, count);
    }

    /** // [count, E] */
    Rows normed(int count) {
        return rows(halfBytes, count);
    }

    private Rows rows(long from, int count) {
        MemorySegment room = buffer.segment().asSlice(from, halfBytes);
        return new Rows(room.asSlice(0, 4L * count * width), count, width);
    }

    @Override
    public void close() {
        buffer.close();
    }
}
