package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The residual stream and its normed rows, on a device that is home to some layers. Allocated once for the largest step. */
final class HomeActivations implements AutoCloseable {

    private final Buffer buffer;
    private final int width;
    private final long halfBytes;
    private final @Nullable ExpertRouter router;

    /**
     * Allocates.
     *
     * @param rows most tokens of a step
     * @param experts most of a layer; 0 for none
     */
    HomeActivations(Device device, int rows, int width, int experts) {
        this.width = width;
        this.halfBytes = 4L * rows * width;
        Resources made = new Resources();
        try {
            this.buffer = made.keep(device.allocate("activations", 2 * halfBytes));
            this.router = experts == 0 ? null : made.keep(new ExpertRouter(device, rows, experts));
        } catch (Throwable e) {
            made.close();
            throw e;
        }
    }

    /** Chooses experts. */
    ExpertRouter router() {
        return Objects.requireNonNull(router, "home to no layer with experts");
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
        if (router != null) {
            router.close();
        }
        buffer.close();
    }
}
