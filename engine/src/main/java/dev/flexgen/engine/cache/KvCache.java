package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.KvView;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of one sequence, for every layer and shard. It grows by pages as tokens come, gives pages back when
 * truncated, and shares them with its forks until one writes. Owned by the thread that runs the engine.
 *
 * <p>A step {@linkplain #reserve reserves} room, writes through the {@linkplain #view views}, and {@linkplain #advance
 * advances} only when it is complete: a step that was cancelled or failed leaves no trace.
 */
public final class KvCache implements AutoCloseable {

    /** Tokens for which room is made at a time. */
    public static final int PAGE_TOKENS = KvPage.TOKENS;

    private final KvLayout layout;
    private final List<PageSet> pages = new ArrayList<>();
    private final List<List<KvView>> views = new ArrayList<>();
    private final int keptPages;
    private int length;

    /** A cache that takes room as it grows. */
    public KvCache(KvLayout layout) {
        this(layout, 0);
    }

    /**
     * A cache with room for {@code keptTokens}, which is taken now and kept until it is closed.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not so much room; then none is kept
     */
    public KvCache(KvLayout layout, int keptTokens) {
        this.layout = layout;
        this.keptPages = pagesFor(keptTokens);
        for (List<KvLayout.Slot> layer : layout.layers()) {
            views.add(layer.stream()
                    .map(slot -> new KvView(
                            layout.encoding(),
                            slot.heads(),
                            layout.headDim(),
                            KvPage.TOKENS,
                            new ArrayList<>(),
                            new ArrayList<>()))
                    .toList());
        }
        if (keptPages > 0) {
            pages.addAll(new PageChunk(layout, keptPages).sets());
            show();
        }
    }

    /** Takes the memory of a cache with room for so many tokens, and makes no cache: for counting. */
    public static void takeRoom(KvLayout layout, int tokens, Resources resources) {
        var _ = PageChunk.rooms(layout, pagesFor(tokens), resources);
    }

    /** Tokens held. */
    public int length() {
        return length;
    }

    /** A live view of one shard of one layer: it follows as the cache grows. */
    public KvView view(int layer, int slot) {
        return views.get(layer).get(slot);
    }

    /** Makes room for {@code tokens} more, in pages that nobody else reads. */
    public void reserve(int tokens) {
        int needed = pagesFor(length + tokens);
        int before = pages.size();
        boolean replaced = false;
        for (int i = length / KvPage.TOKENS; i < Math.min(before, needed); i++) {
            if (pages.get(i).shared()) {
                boolean holdsTokens = length > i * KvPage.TOKENS;
                PageSet own = holdsTokens
                        ? pages.get(i).copy(layout)
                        : new PageChunk(layout, 1).sets().getFirst();
                pages.get(i).release();
                pages.set(i, own);
                replaced = true;
            }
        }
        try {
            while (pages.size() < needed) {
                pages.add(new PageChunk(layout, 1).sets().getFirst());
            }
        } finally {
            if (replaced || pages.size() > before) {
                show();
            }
        }
    }

    /** Counts {@code tokens} written since {@link #reserve} as held. */
    public void advance(int tokens) {
        if (length + tokens > pages.size() * KvPage.TOKENS) {
            throw new IllegalStateException("advanced by " + tokens + " past the reserved room");
        }
        length += tokens;
    }

    /** Forgets all tokens from {@code newLength} on. */
    public void truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("cannot truncate " + length + " tokens to " + newLength);
        }
        length = newLength;
        dropPages(Math.max(pagesFor(newLength), keptPages));
    }

    private void dropPages(int left) {
        while (pages.size() > left) {
            pages.removeLast().release();
        }
        show();
    }

    /** A cache with the same tokens; full pages are shared, the one being written is copied when either writes. */
    public KvCache fork() {
        KvCache fork = new KvCache(layout);
        // Pages that a cancelled step reserved hold nothing, and would be written by both.
        pages.subList(0, pagesFor(length)).forEach(page -> fork.pages.add(page.hold()));
        fork.length = length;
        fork.show();
        return fork;
    }

    @Override
    public void close() {
        length = 0;
        dropPages(0);
    }

    private static int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, KvPage.TOKENS);
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
