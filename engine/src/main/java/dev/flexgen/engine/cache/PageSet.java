package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.StreamRole;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The pages of {@link KvPage#TOKENS} positions: one for each group of layers and device. Shared by forked caches until one of them
 * writes.
 */
final class PageSet {

    private final PageChunk chunk;
    private final List<List<KvPage>> groups;
    private int holders = 1;

    /** @param groups for each group of layers its pages, one for each device */
    PageSet(PageChunk chunk, List<List<KvPage>> groups) {
        this.chunk = chunk;
        this.groups = groups;
    }

    /** The keys of one shard of one layer, on the device that attends over it. */
    MemorySegment keys(KvLayout layout, int layer, int slot) {
        return page(layout, layer, slot).keys(layer, slot);
    }

    MemorySegment values(KvLayout layout, int layer, int slot) {
        return page(layout, layer, slot).values(layer, slot);
    }

    private KvPage page(KvLayout layout, int layer, int slot) {
        Device device = layout.layers().get(layer).get(slot).device();
        return groups.get(layer / KvLayout.LAYERS_PER_PAGE).stream()
                .filter(page -> page.device().equals(device))
                .findFirst()
                .orElseThrow();
    }

    boolean shared() {
        return holders > 1;
    }

    PageSet hold() {
        holders++;
        return this;
    }

    void release() {
        if (--holders == 0) {
            chunk.leave();
        }
    }

    /** A set of its own with the same contents, in the same form. */
    PageSet copy(KvLayout layout, PageForm form) {
        PageSet copy = PageChunk.one(layout, form);
        for (int group = 0; group < groups.size(); group++) {
            for (KvPage page : groups.get(group)) {
                KvPage target = copy.groups.get(group).stream()
                        .filter(it -> it.device().equals(page.device()))
                        .findFirst()
                        .orElseThrow();
                page.device().stream(StreamRole.COMPUTE).copy(page.memory(), target.memory());
            }
        }
        return copy;
    }
}
