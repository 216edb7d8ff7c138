package dev.flexgen.engine.cache;

import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import java.util.List;

/** The pages of a {@link KvCache}, which knows how many tokens they hold. Owned by the thread that runs the engine. */
sealed interface KvBlocks extends AutoCloseable permits OpenBlocks, SealingBlocks {

    /** Makes room for {@code tokens} more than {@code length}, in pages that nobody else reads. */
    void reserve(int length, int tokens);

    /** Positions for which there is room. */
    int capacity();

    /** The cache now holds what was reserved, up to {@code length}. */
    void advance(int length);

    /**
     * Forgets all tokens from {@code newLength} on.
     *
     * @return how many are left: fewer than {@code newLength} if that is inside a page that is already sealed
     */
    int truncate(int newLength);

    /** Where the tokens that room was reserved for are written. */
    KvView view(int layer, int slot);

    /** The blocks that must be sealed before the reserved tokens attend, and when they are written. */
    List<KvSealing> sealing(int layer, int slot);

    /** What {@code rows} reserved tokens after {@code length} attend over. */
    List<KvSequence> attending(int layer, int slot, int length, int rows);

    /** How many blocks, from the first on, are held in sealed form. */
    int sealedBlocks();

    /** The pages of a block that holds tokens, in the form that {@link #sealedBlocks} says. */
    PageSet page(int block);

    /** Pages of a block to be filled with what was kept elsewhere. Those before were asked for earlier. */
    PageSet place(int block, PageForm form);

    /**
     * Holds what was filled in.
     *
     * @param length in tokens
     * @param sealed blocks that were filled in sealed form
     */
    void restored(int length, int sealed);

    /** Pages with the same tokens, shared as far as possible. */
    KvBlocks fork(int length);

    @Override
    void close();

    static int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, KvPage.TOKENS);
    }
}
