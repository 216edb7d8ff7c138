package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory behind a model's weights, freed together: a buffer for each matrix, and shared buffers for the many vectors.
 * Owned by the thread that loads.
 */
final class Holdings implements AutoCloseable {

    private static final String OWNER = "weights";
    private static final long SHARED_BYTES = 1 << 20;
    private static final long ALIGNMENT = 64;

    private final List<Buffer> buffers = new ArrayList<>();
    private final Map<Device, Shared> shared = new HashMap<>();

    /** The unused rest of a shared buffer. */
    private record Shared(MemorySegment rest) {}

    /** A buffer of its own. */
    MemorySegment take(Device device, long bytes) {
        Buffer buffer = device.allocate(OWNER, bytes);
        buffers.add(buffer);
        return buffer.segment();
    }

    /** A part of a shared buffer, unless that would waste much of one. */
    MemorySegment takeSmall(Device device, long bytes) {
        if (bytes > SHARED_BYTES / 4) {
            return take(device, bytes);
        }
        Shared current = shared.get(device);
        if (current == null || current.rest().byteSize() < bytes) {
            current = new Shared(take(device, SHARED_BYTES));
        }
        MemorySegment rest = current.rest();
        long next = Math.min(rest.byteSize(), Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT);
        shared.put(device, new Shared(rest.asSlice(next)));
        return rest.asSlice(0, bytes);
    }

    @Override
    public void close() {
        buffers.forEach(Buffer::close);
        buffers.clear();
        shared.clear();
    }
}
