package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Pages that stay as they were written. */
final class OpenBlocks implements KvBlocks {

    private final KvLayout layout;
    private final List<PageSet> pages = new ArrayList<>();
    private final List<List<KvView>> views = new ArrayList<>();
    private final int keptPages;

    /** @param keptPages are taken now and kept */
    OpenBlocks(KvLayout layout, int keptPages) {
        this.layout = layout;
        this.keptPages = keptPages;
        for (List<KvLayout.Slot> layer : layout.layers()) {
            views.add(layer.stream()
                    .map(slot -> new KvView(
                            layout.encoding(),
                            slot.heads(),
                            layout.headDim(),
                            KvPage.TOKENS,
                            new ArrayList<>(),
                            new ArrayList<>(),
                            0))
                    .toList());
        }
        if (keptPages > 0) {
            pages.addAll(new PageChunk(layout, PageForm.OPEN, keptPages).sets());
            show();
        }
    }

    @Override
    public void reserve(int length, int tokens) {
        int needed = KvBlocks.pagesFor(length + tokens);
        int before = pages.size();
        boolean replaced = false;
        for (int i = length / KvPage.TOKENS; i < Math.min(before, needed); i++) {
            if (pages.get(i).shared()) {
                boolean holdsTokens = length > i * KvPage.TOKENS;
                PageSet own =
                        holdsTokens ? pages.get(i).copy(layout, PageForm.OPEN) : PageChunk.one(layout, PageForm.OPEN);
                pages.get(i).release();
                pages.set(i, own);
                replaced = true;
            }
        }
        try {
            while (pages.size() < needed) {
                pages.add(PageChunk.one(layout, PageForm.OPEN));
            }
        } finally {
            if (replaced || pages.size() > before) {
                show();
            }
        }
    }

    @Override
    public int capacity() {
        return pages.size() * KvPage.TOKENS;
    }

    @Override
    public void advance(int length) {}

    @Override
    public int truncate(int newLength) {
        dropPages(Math.max(KvBlocks.pagesFor(newLength), keptPages));
        return newLength;
    }

    private void dropPages(int left) {
        while (pages.size() > left) {
            pages.removeLast().release();
        }
        show();
    }

    /** A live view: it follows as the cache grows. */
    @Override
    public KvView view(int layer, int slot) {
        return views.get(layer).get(slot);
    }

    @Override
    public List<KvSealing> sealing(int layer, int slot) {
        return List.of();
    }

    @Override
    public List<KvSequence> attending(int layer, int slot, int length, int rows) {
        return List.of(new KvSequence(view(layer, slot), length, rows));
    }

    @Override
    public int sealedBlocks() {
        return 0;
    }

    @Override
    public PageSet page(int block) {
        return pages.get(block);
    }

    @Override
    public PageSet place(int block, PageForm form) {
        reserve(block * KvPage.TOKENS, KvPage.TOKENS);
        return pages.get(block);
    }

    @Override
    public void restored(int length, int sealed) {}

    @Override
    public KvBlocks fork(int length) {
        OpenBlocks fork = new OpenBlocks(layout, 0);
        // Pages that a cancelled step reserved hold nothing, and would be written by both.
        pages.subList(0, KvBlocks.pagesFor(length)).forEach(page -> fork.pages.add(page.hold()));
        fork.show();
        return fork;
    }

    @Override
    public void close() {
        dropPages(0);
    }

    private void show() {
        for (int layer = 0; layer < views.size(); layer++) {
            for (int slot = 0; slot < views.get(layer).size(); slot++) {
                List<MemorySegment> keys = view(layer, slot).keys();
                List<MemorySegment> values = view(layer, slot).values();
                keys.clear();
                values.clear();
                for (PageSet page : pages) {
                    keys.add(page.keys(layout, layer, slot));
                    values.add(page.values(layout, layer, slot));
                }
            }
        }
    }
}
