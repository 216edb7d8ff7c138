package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of {@value #TOKENS} positions, for a group of layers and the heads of each that one device attends over: the
 * unit in which a cache can be moved or kept. One piece of memory, layer after layer, of each slot the keys and then the values.
 */
final class KvPage {

    static final int TOKENS = 64;
    /** Wide enough for any vector load, on any device. */
    static final long ALIGNMENT = 256;

    private final Device device;
    private final int firstLayer;
    private final MemorySegment memory;
    private final List<List<MemorySegment>> keys = new ArrayList<>();
    private final List<List<MemorySegment>> values = new ArrayList<>();

    /**
     * Lays a page out.
     *
     * @param form in which it holds them
     * @param firstLayer of the group
     * @param memory at least {@link #bytes}
     */
    KvPage(KvLayout layout, PageForm form, Device device, int firstLayer, MemorySegment memory) {
        this.device = device;
        this.firstLayer = firstLayer;
        this.memory = memory;
        long used = 0;
        for (int layer = firstLayer; layer < end(layout, firstLayer); layer++) {
            List<MemorySegment> layerKeys = new ArrayList<>();
            List<MemorySegment> layerValues = new ArrayList<>();
            for (KvLayout.Slot slot : layout.layers().get(layer)) {
                boolean here = slot.device().equals(device);
                long keyBytes = here ? layout.keyBytes(form, slot) : 0;
                long valueBytes = here ? layout.valueBytes(form, slot) : 0;
                layerKeys.add(memory.asSlice(used, keyBytes));
                layerValues.add(memory.asSlice(used + keyBytes, valueBytes));
                used += keyBytes + valueBytes;
            }
            keys.add(layerKeys);
            values.add(layerValues);
        }
    }

    /** Bytes of a device's page of the group that begins with {@code firstLayer}; 0 if it holds nothing of it. */
    static long bytes(KvLayout layout, PageForm form, Device device, int firstLayer) {
        long bytes = 0;
        for (int layer = firstLayer; layer < end(layout, firstLayer); layer++) {
            for (KvLayout.Slot slot : layout.layers().get(layer)) {
                bytes += slot.device().equals(device) ? layout.keyBytes(form, slot) + layout.valueBytes(form, slot) : 0;
            }
        }
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private static int end(KvLayout layout, int firstLayer) {
        return Math.min(layout.layers().size(), firstLayer + KvLayout.LAYERS_PER_PAGE);
    }

    Device device() {
        return device;
    }

    MemorySegment memory() {
        return memory;
    }

    MemorySegment keys(int layer, int slot) {
        return keys.get(layer - firstLayer).get(slot);
    }

    MemorySegment values(int layer, int slot) {
        return values.get(layer - firstLayer).get(slot);
    }
}
