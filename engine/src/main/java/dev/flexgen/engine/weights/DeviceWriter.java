package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.RoleTensor;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes into a device's memory while a model is loaded: directly where that is host memory, else by way of a page-locked
 * buffer. Owned by the loading thread.
 */
public final class DeviceWriter implements AutoCloseable {

    private final Device device;
    private final WeightPacker writer;
    private final long stagingBytes;
    private @Nullable Buffer staging;

    /** @param stagingBytes of the page-locked buffer: enough for the largest block, and for a row of any table */
    public DeviceWriter(Device device, WeightPacker writer, long stagingBytes) {
        this.device = device;
        this.writer = writer;
        this.stagingBytes = stagingBytes;
    }

    /** Fills {@code target}, which lies on the device, with what {@code fill} writes into host memory of the same size. */
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

    /** Fills {@code target} with all rows of {@code tensor}. */
    public void putRows(RoleTensor tensor, Encoding encoding, MemorySegment target) {
        long rowBytes = encoding.rowBytes(tensor.columns());
        int rows = Math.toIntExact(tensor.shape().extent(0));
        int step = device.tier() == Tier.HOST ? rows : Math.clamp(stagingBytes / rowBytes, 1, rows);
        for (int from = 0; from < rows; from += step) {
            int first = from;
            int count = Math.min(step, rows - from);
            put(target.asSlice(from * rowBytes, count * rowBytes), host -> writer.rows(tensor, encoding, first, host));
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
