package dev.flexgen.engine.cache;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import java.util.List;

/**
 * The keys and values of one sequence, for every layer and shard. It grows by pages as tokens come, gives pages back when
 * truncated, and shares them with its forks until one writes. Its encoding says whether full pages are sealed, that is, kept in
 * fewer bits. Owned by the thread that runs the engine.
 *
 * <p>A step {@linkplain #reserve reserves} room, {@linkplain #appending writes}, {@linkplain #sealing seals},
 * {@linkplain #attending attends}, and {@linkplain #advance advances} only when it is complete: a step that was cancelled or failed
 * leaves no trace.
 */
public final class KvCache implements AutoCloseable {

    /** Tokens for which room is made at a time. */
    public static final int PAGE_TOKENS = KvPage.TOKENS;

    private final KvLayout layout;
    private final KvBlocks blocks;
    private int length;

    /**
     * A cache with room for {@code keptTokens}, which is taken now and kept until it is closed; for more it takes room as it grows.
     *
     * @param staging of the model
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not so much room; then none is kept
     */
    public KvCache(KvLayout layout, KvStaging staging, int keptTokens) {
        this(
                layout,
                layout.seals()
                        ? new SealingBlocks(layout, staging, keptTokens)
                        : new OpenBlocks(layout, KvBlocks.pagesFor(keptTokens)),
                0);
    }

    private KvCache(KvLayout layout, KvBlocks blocks, int length) {
        this.layout = layout;
        this.blocks = blocks;
        this.length = length;
    }

    /** Takes the memory of a cache with room for so many tokens, and makes no cache: for counting. */
    public static void takeRoom(KvLayout layout, int tokens, Resources resources) {
        if (layout.seals()) {
            take(layout, PageForm.OPEN, SealingBlocks.openPages(tokens), resources);
            take(layout, PageForm.SEALED, SealingBlocks.sealedPages(tokens), resources);
        } else {
            take(layout, PageForm.OPEN, KvBlocks.pagesFor(tokens), resources);
        }
    }

    private static void take(KvLayout layout, PageForm form, int pages, Resources resources) {
        if (pages > 0) {
            var _ = PageChunk.rooms(layout, form, pages, resources);
        }
    }

    /** Tokens held. */
    public int length() {
        return length;
    }

    /** Makes room for {@code tokens} more, in pages that nobody else reads. */
    public void reserve(int tokens) {
        blocks.reserve(length, tokens);
    }

    /** A view of one shard of one layer, with the room that was reserved, to write to. */
    public KvView view(int layer, int slot) {
        return blocks.view(layer, slot);
    }

    /** {@code rows} reserved tokens, to be written. */
    public KvSequence appending(int layer, int slot, int rows) {
        return new KvSequence(view(layer, slot), length, rows);
    }

    /** What is to be sealed when the reserved tokens are written, and before they attend; mostly nothing. */
    public List<KvSealing> sealing(int layer, int slot) {
        return blocks.sealing(layer, slot);
    }

    /** {@code rows} reserved tokens, to attend; several sequences where they see different blocks sealed. */
    public List<KvSequence> attending(int layer, int slot, int rows) {
        return blocks.attending(layer, slot, length, rows);
    }

    /** Counts {@code tokens} written since {@link #reserve} as held. */
    public void advance(int tokens) {
        if (length + tokens > blocks.capacity()) {
            throw new IllegalStateException("advanced by " + tokens + " past the reserved room");
        }
        blocks.advance(length + tokens);
        length += tokens;
    }

    /**
     * Forgets all tokens from {@code newLength} on. If that is inside a sealed page, the page's earlier tokens are forgotten too and
     * must be computed again. The last step can always be taken back without that, if it had at most {@value #PAGE_TOKENS} tokens.
     *
     * @return how many tokens are left: up to 63 fewer
     */
    public int truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IllegalArgumentException("cannot truncate " + length + " tokens to " + newLength);
        }
        length = blocks.truncate(newLength);
        return length;
    }

    /** A cache with the same tokens; full pages are shared, the one being written is copied, at the latest when either writes. */
    public KvCache fork() {
        return new KvCache(layout, blocks.fork(length), length);
    }

    /** Which device holds what. */
    public KvLayout layout() {
        return layout;
    }

    /** Of those that hold tokens, how many blocks are in sealed form, from the first on. */
    int sealedBlocks() {
        return Math.min(blocks.sealedBlocks(), KvBlocks.pagesFor(length));
    }

    /** The pages of a block that holds tokens. */
    PageSet page(int block) {
        return blocks.page(block);
    }

    /** Pages for a block of an empty cache, to be filled. */
    PageSet place(int block, PageForm form) {
        return blocks.place(block, form);
    }

    /** An empty cache holds what its pages were filled with. */
    void restored(int tokens, int sealed) {
        blocks.restored(tokens, sealed);
        length = tokens;
    }

    @Override
    public void close() {
        length = 0;
        blocks.close();
    }
}
