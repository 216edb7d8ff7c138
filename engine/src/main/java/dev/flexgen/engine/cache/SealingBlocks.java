package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages that are sealed when they are full. A token attends over the open page of its own block and the sealed ones of all blocks
 * before, however many tokens a step has; so its result does not depend on how a text is cut into steps. What a step writes
 * stays open in two rooms as long as the next step has not begun, so that a step's tokens can be taken back; the blocks that a
 * step fills from end to end are open in the staging memory only, one layer at a time.
 */
final class SealingBlocks implements KvBlocks {

    private static final int NONE = -1;

    private final KvLayout layout;
    private final KvStaging staging;
    private final OpenRooms rooms;
    private final List<PageSet> sealedPages = new ArrayList<>();
    private final int keptPages;

    /** Blocks before this one are sealed, in all layers. */
    private int sealed;

    // The step that room was reserved for: its first and last block, where blocks are staged, from the first on, and
    // views.
    private int first;
    private int last;
    private int[] staged = new int[0];
    private List<List<KvView>> views = List.of();

    /** @param keptTokens whose room is taken now and kept */
    SealingBlocks(KvLayout layout, KvStaging staging, int keptTokens) {
        this(layout, staging, new OpenRooms(layout, openPages(keptTokens)), sealedPages(keptTokens));
        if (keptPages > 0) {
            try {
                sealedPages.addAll(new PageChunk(layout, PageForm.SEALED, keptPages).sets());
            } catch (Throwable e) {
                rooms.release();
                throw e;
            }
        }
    }

    private SealingBlocks(KvLayout layout, KvStaging staging, OpenRooms rooms, int keptPages) {
        this.layout = layout;
        this.staging = staging;
        this.rooms = rooms;
        this.keptPages = keptPages;
    }

    /** Open pages of a sequence of so many tokens. */
    static int openPages(int tokens) {
        return Math.min(OpenRooms.COUNT, KvBlocks.pagesFor(tokens));
    }

    /** Sealed pages of a sequence of so many tokens: no token attends over the last block's. */
    static int sealedPages(int tokens) {
        return Math.max(0, KvBlocks.pagesFor(tokens) - 1);
    }

    @Override
    public void reserve(int length, int tokens) {
        first = length / KvPage.TOKENS;
        last = Math.max(length, length + tokens - 1) / KvPage.TOKENS;
        views = List.of();
        rooms.forgetFrom(KvBlocks.pagesFor(length)); // what a cancelled step has left
        boolean unfinished = length % KvPage.TOKENS > 0;
        rooms.open(last, unfinished ? first : sealed < first ? first - 1 : NONE);
        staged = new int[last - first + 1];
        for (int block = first; block <= last; block++) {
            staged[block - first] = rooms.holds(block) ? NONE : staging.take();
        }
        ownSealedPages(sealed, last);
        views = show();
    }

    /** Sealed pages for the blocks before {@code to}, of which nobody else reads those from {@code from} on. */
    private void ownSealedPages(int from, int to) {
        for (int block = from; block < Math.min(to, sealedPages.size()); block++) {
            if (sealedPages.get(block).shared()) {
                PageSet own = PageChunk.one(layout, PageForm.SEALED);
                sealedPages.get(block).release();
                sealedPages.set(block, own);
            }
        }
        while (sealedPages.size() < to) {
            sealedPages.add(PageChunk.one(layout, PageForm.SEALED));
        }
    }

    @Override
    public int capacity() {
        return views.isEmpty() ? 0 : (last + 1) * KvPage.TOKENS;
    }

    @Override
    public void advance(int length) {
        if (KvBlocks.pagesFor(length) != last + 1) {
            throw new IllegalStateException("advanced to " + length + ", which is not what was reserved");
        }
        sealed = last;
    }

    @Override
    public int truncate(int newLength) {
        int block = newLength / KvPage.TOKENS;
        int kept = newLength % KvPage.TOKENS == 0 || rooms.holds(block) ? newLength : block * KvPage.TOKENS;
        sealed = Math.min(sealed, block);
        rooms.forgetFrom(KvBlocks.pagesFor(kept));
        dropPages(Math.max(sealed, keptPages));
        return kept;
    }

    private void dropPages(int left) {
        views = List.of();
        while (sealedPages.size() > left) {
            sealedPages.removeLast().release();
        }
    }

    @Override
    public KvView view(int layer, int slot) {
        return views.get(layer).get(slot);
    }

    @Override
    public List<KvSealing> sealing(int layer, int slot) {
        List<KvSealing> blocks = new ArrayList<>();
        for (int block = sealed; block < last; block++) {
            blocks.add(new KvSealing(
                    layout.encoding(),
                    layout.layers().get(layer).get(slot).heads(),
                    layout.headDim(),
                    openKeys(layer, slot, block),
                    openValues(layer, slot, block),
                    sealedPages.get(block).keys(layout, layer, slot),
                    sealedPages.get(block).values(layout, layer, slot)));
        }
        return blocks;
    }

    @Override
    public List<KvSequence> attending(int layer, int slot, int length, int rows) {
        List<KvSequence> parts = new ArrayList<>();
        for (int position = length; position < length + rows; ) {
            int block = position / KvPage.TOKENS;
            int end = Math.min(length + rows, (block + 1) * KvPage.TOKENS);
            KvView view = block == first && first == last ? view(layer, slot) : view(layer, slot, block, block);
            parts.add(new KvSequence(view, position, end - position));
            position = end;
        }
        return parts;
    }

    private List<List<KvView>> show() {
        List<List<KvView>> all = new ArrayList<>();
        for (int layer = 0; layer < layout.layers().size(); layer++) {
            List<KvView> slots = new ArrayList<>();
            for (int slot = 0; slot < layout.layers().get(layer).size(); slot++) {
                slots.add(view(layer, slot, first, last));
            }
            all.add(slots);
        }
        return all;
    }

    /** Sealed blocks up to {@code open}, and open ones from there to {@code end}. */
    private KvView view(int layer, int slot, int open, int end) {
        List<MemorySegment> keys = new ArrayList<>(end + 1);
        List<MemorySegment> values = new ArrayList<>(end + 1);
        for (int block = 0; block <= end; block++) {
            boolean isSealed = block < open;
            keys.add(isSealed ? sealedPages.get(block).keys(layout, layer, slot) : openKeys(layer, slot, block));
            values.add(isSealed ? sealedPages.get(block).values(layout, layer, slot) : openValues(layer, slot, block));
        }
        int heads = layout.layers().get(layer).get(slot).heads();
        return new KvView(layout.encoding(), heads, layout.headDim(), KvPage.TOKENS, keys, values, open);
    }

    private MemorySegment openKeys(int layer, int slot, int block) {
        return rooms.holds(block)
                ? rooms.of(block).keys(layout, layer, slot)
                : staging.keys(layer, slot, staged[block - first]);
    }

    private MemorySegment openValues(int layer, int slot, int block) {
        return rooms.holds(block)
                ? rooms.of(block).values(layout, layer, slot)
                : staging.values(layer, slot, staged[block - first]);
    }

    @Override
    public int sealedBlocks() {
        return sealed;
    }

    @Override
    public PageSet page(int block) {
        return block < sealed ? sealedPages.get(block) : rooms.of(block);
    }

    @Override
    public PageSet place(int block, PageForm form) {
        views = List.of();
        if (form == PageForm.OPEN) {
            rooms.open(block, NONE);
            return rooms.of(block);
        }
        ownSealedPages(block, block + 1);
        return sealedPages.get(block);
    }

    @Override
    public void restored(int length, int sealed) {
        this.sealed = sealed;
    }

    @Override
    public KvBlocks fork(int length) {
        SealingBlocks fork = new SealingBlocks(layout, staging, rooms.copy(), 0);
        sealedPages.subList(0, sealed).forEach(page -> fork.sealedPages.add(page.hold()));
        fork.sealed = sealed;
        fork.rooms.forgetFrom(KvBlocks.pagesFor(length));
        return fork;
    }

    @Override
    public void close() {
        sealed = 0;
        dropPages(0);
        rooms.release();
    }
}
