package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * Room for the blocks that a step fills from end to end, until they are sealed: that is when the layer's tokens attend, so all
 * layers use the same memory one after the other. Shared by the caches of a model; takes nothing where full pages stay as they
 * are. Owned by the thread that runs the engine; closed after the caches.
 */
public final class KvStaging implements AutoCloseable {

    private final KvLayout layout;
    private final Resources resources = new Resources();
    private final Map<Device, MemorySegment> rooms = new HashMap<>();
    private final Map<Device, Long> blockBytes = new HashMap<>();
    private final int blocks;
    private int used;

    /**
     * Takes the memory.
     *
     * @param tokens most of a step
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not so much; then none is taken
     */
    public KvStaging(KvLayout layout, int tokens) {
        this.layout = layout;
        this.blocks = layout.seals() ? tokens / KvPage.TOKENS : 0;
        try {
            for (Device device : layout.devices()) {
                long bytes = layout.layers().stream()
                        .flatMap(layer -> layer.stream())
                        .filter(slot -> slot.device().equals(device))
                        .mapToLong(this::bytes)
                        .max()
                        .orElse(0);
                blockBytes.put(device, bytes);
                if (blocks > 0) {
                    rooms.put(
                            device,
                            resources
                                    .keep(device.allocate("activations", Math.multiplyExact(bytes, blocks)))
                                    .segment());
                }
            }
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private long bytes(KvLayout.Slot slot) {
        long bytes = layout.keyBytes(PageForm.OPEN, slot) + layout.valueBytes(PageForm.OPEN, slot);
        return Math.ceilDiv(bytes, KvPage.ALIGNMENT) * KvPage.ALIGNMENT;
    }

    /** A step begins: all blocks are free. */
    public void begin() {
        used = 0;
    }

    /** The number of a free block. */
    int take() {
        if (used == blocks) {
            throw new IllegalStateException("a step fills more than " + blocks + " blocks");
        }
        return used++;
    }

    MemorySegment keys(int layer, int slot, int block) {
        KvLayout.Slot which = layout.layers().get(layer).get(slot);
        return room(which, block).asSlice(0, layout.keyBytes(PageForm.OPEN, which));
    }

    MemorySegment values(int layer, int slot, int block) {
        KvLayout.Slot which = layout.layers().get(layer).get(slot);
        return room(which, block)
                .asSlice(layout.keyBytes(PageForm.OPEN, which), layout.valueBytes(PageForm.OPEN, which));
    }

    private MemorySegment room(KvLayout.Slot slot, int block) {
        MemorySegment room = rooms.get(slot.device());
        Long bytes = blockBytes.get(slot.device());
        if (room == null || bytes == null) {
            throw new IllegalStateException("no room on " + slot.device().name());
        }
        return room.asSlice(block * bytes, bytes);
    }

    @Override
    public void close() {
        resources.close();
    }
}
