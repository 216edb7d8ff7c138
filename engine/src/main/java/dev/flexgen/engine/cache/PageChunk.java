package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Memory for some page sets, one buffer a device; freed with the last of them. Owned by the thread that runs the engine. */
final class PageChunk {

    private final Resources resources = new Resources();
    private final List<PageSet> sets = new ArrayList<>();
    private int inUse;

    /**
     * Takes memory for {@code count} page sets, each held once.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not so much; then none is taken
     */
    PageChunk(KvLayout layout, PageForm form, int count) {
        this.inUse = count;
        Map<Device, MemorySegment> rooms = rooms(layout, form, count, resources);
        for (int i = 0; i < count; i++) {
            sets.add(new PageSet(this, pages(layout, form, rooms)));
        }
    }

    /** A page set with memory of its own. */
    static PageSet one(KvLayout layout, PageForm form) {
        return new PageChunk(layout, form, 1).sets().getFirst();
    }

    /** Memory for {@code count} page sets on each device, or none at all; {@code resources} keep it. */
    static Map<Device, MemorySegment> rooms(KvLayout layout, PageForm form, int count, Resources resources) {
        Map<Device, MemorySegment> rooms = new HashMap<>();
        try {
            for (Device device : layout.devices()) {
                long bytes = Math.multiplyExact(count, setBytes(layout, form, device));
                rooms.put(
                        device,
                        resources.keep(device.allocate("KV cache", bytes)).segment());
            }
            return rooms;
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    private static long setBytes(KvLayout layout, PageForm form, Device device) {
        long bytes = 0;
        for (int layer = 0; layer < layout.layers().size(); layer += KvLayout.LAYERS_PER_PAGE) {
            bytes += KvPage.bytes(layout, form, device, layer);
        }
        return bytes;
    }

    /** The next pages of every room. */
    private static List<List<KvPage>> pages(KvLayout layout, PageForm form, Map<Device, MemorySegment> rooms) {
        List<List<KvPage>> groups = new ArrayList<>();
        for (int layer = 0; layer < layout.layers().size(); layer += KvLayout.LAYERS_PER_PAGE) {
            List<KvPage> group = new ArrayList<>();
            for (Map.Entry<Device, MemorySegment> room : rooms.entrySet()) {
                long bytes = KvPage.bytes(layout, form, room.getKey(), layer);
                group.add(new KvPage(
                        layout, form, room.getKey(), layer, room.getValue().asSlice(0, bytes)));
                room.setValue(room.getValue().asSlice(bytes));
            }
            groups.add(group);
        }
        return groups;
    }

    List<PageSet> sets() {
        return sets;
    }

    /** One of the sets has no holder any more. */
    void leave() {
        if (--inUse == 0) {
            resources.close();
        }
    }
}
