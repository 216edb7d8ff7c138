package dev.flexgen.engine.cache;

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
    private final List<KvPage> pages = new ArrayList<>();
    private final List<List<KvView>> views = new ArrayList<>();
    private int length;

    public KvCache(KvLayout layout) {
        this.layout = layout;
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
        int firstWritten = length / KvPage.TOKENS;
        if (firstWritten < pages.size() && pages.get(firstWritten).shared()) {
            KvPage own = pages.get(firstWritten).copy(layout);
            pages.get(firstWritten).release();
            pages.set(firstWritten, own);
            show();
        }
        while (pages.size() < needed) {
            pages.add(new KvPage(layout));
            show();
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
        int needed = pagesFor(newLength);
        while (pages.size() > needed) {
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
        truncate(0);
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
                for (KvPage page : pages) {
                    keys.add(page.keys(layer, slot));
                    values.add(page.values(layer, slot));
                }
            }
        }
    }
}
