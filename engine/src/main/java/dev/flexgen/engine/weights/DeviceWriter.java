package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes into a device's memory while a model is loaded: directly where that is host memory, else by way of a page-locked
 * buffer. Owned by the loading thread.
 */
public final class DeviceWriter implements AutoCloseable {

    private final Device device;
    private final long stagingBytes;
    private @Nullable Buffer staging;

    /** @param stagingBytes of the page-locked buffer: enough for the largest block, and for a row of any table */
    public DeviceWriter(Device device, long stagingBytes) {
        this.device = device;
        this.stagingBytes = stagingBytes;
    }

    /** Fills {@code target} on the device with what {@code fill} writes into host memory of the same size. */
    public void put(MemorySegment target, Consumer<MemorySegment> fill) {
        if (device.tier() == Tier.HOST) {
            fill.accept(target);
            return;
        }
        MemorySegment host = staging(target.byteSize());
        fill.accept(host);
        device.stream(StreamRole.WEIGHTS_IN).upload(host, target);
        device.stream(StreamRole.WEIGHTS_IN).join();
    }

    /** Writes rows of a matrix into host memory, from {@code from} on as many as it has room for. */
    @FunctionalInterface
    public interface RowWriter {
        void write(int from, MemorySegment host);
    }

    /** Fills {@code matrix} on the device, row after row. */
    public void putRows(Matrix matrix, RowWriter rows) {
        long rowBytes = matrix.rowBytes();
        int step = device.tier() == Tier.HOST ? matrix.rows() : Math.clamp(stagingBytes / rowBytes, 1, matrix.rows());
        for (int from = 0; from < matrix.rows(); from += step) {
            int first = from;
            int count = Math.min(step, matrix.rows() - from);
            put(matrix.data().asSlice(from * rowBytes, count * rowBytes), host -> rows.write(first, host));
        }
    }

    /** Host memory of {@code bytes} for whatever passes through it. */
    public MemorySegment staging(long bytes) {
        if (staging == null) {
            staging = device.allocateHost("loading", stagingBytes);
        }
        return staging.segment().asSlice(0, bytes);
    }

    @Override
    public void close() {
        if (staging != null) {
            staging.close();
        }
    }
}
