package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@value #TOKENS} positions of keys and values of every layer, one buffer per device. Shared by forked caches until one of
 * them writes; freed with its last holder.
 */
final class KvPage {

    /** A page of OPT-1.3B is 12 MiB in F16: small beside the weights, large beside the bookkeeping. */
    static final int TOKENS = 64;

    private final Map<Device, Buffer> buffers = new LinkedHashMap<>();
    private final List<List<MemorySegment>> keys = new ArrayList<>();
    private final List<List<MemorySegment>> values = new ArrayList<>();
    private int holders = 1;

    KvPage(KvLayout layout) {
        Map<Device, Long> sizes = new HashMap<>();
        for (List<KvLayout.Slot> layer : layout.layers()) {
            for (KvLayout.Slot slot : layer) {
                sizes.merge(slot.device(), 2 * layout.bytes(slot, TOKENS), Long::sum);
            }
        }
        Map<Device, Slices> slices = new HashMap<>();
        try {
            sizes.forEach((device, bytes) -> {
                Buffer buffer = device.allocate("KV cache", bytes);
                buffers.put(device, buffer);
                slices.put(device, new Slices(buffer.segment()));
            });
        } catch (Throwable e) {
            buffers.values().forEach(Buffer::close);
            throw e;
        }
        for (List<KvLayout.Slot> layer : layout.layers()) {
            List<MemorySegment> layerKeys = new ArrayList<>();
            List<MemorySegment> layerValues = new ArrayList<>();
            for (KvLayout.Slot slot : layer) {
                Slices memory = slices.computeIfAbsent(slot.device(), device -> {
                    throw new IllegalStateException("no memory for " + device.name());
                });
                layerKeys.add(memory.next(layout.bytes(slot, TOKENS)));
                layerValues.add(memory.next(layout.bytes(slot, TOKENS)));
            }
            keys.add(layerKeys);
            values.add(layerValues);
        }
    }

    MemorySegment keys(int layer, int slot) {
        return keys.get(layer).get(slot);
    }

    MemorySegment values(int layer, int slot) {
        return values.get(layer).get(slot);
    }

    boolean shared() {
        return holders > 1;
    }

    KvPage hold() {
        holders++;
        return this;
    }

    void release() {
        if (--holders == 0) {
            buffers.values().forEach(Buffer::close);
        }
    }

    /** A page of its own with the same contents. */
    KvPage copy(KvLayout layout) {
        KvPage copy = new KvPage(layout);
        buffers.forEach((device, buffer) -> copy.buffers.computeIfPresent(device, (it, target) -> {
            device.stream(StreamRole.COMPUTE).copy(buffer.segment(), target.segment());
            return target;
        }));
        return copy;
    }

    /** Hands out consecutive parts of a segment. */
    private static final class Slices {
        private final MemorySegment segment;
        private long used;

        Slices(MemorySegment segment) {
            this.segment = segment;
        }

        MemorySegment next(long bytes) {
            MemorySegment slice = segment.asSlice(used, bytes);
            used += bytes;
            return slice;
        }
    }
}
