package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.plan.DraftPrices;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Speculative decoding of one session: has tokens drafted, and keeps count of how many were right. The model chooses every token itself,
 * from the very logits that it would have computed without a draft, with the same draws; so a reply is the same, token by token, also
 * with a temperature, a penalty or a stop string. Owned by the session's thread.
 */
public final class Speculation implements AutoCloseable {

    private final Drafter drafter;
    private final DraftDepth depth;
    private DraftCounts counts = DraftCounts.NONE;
    private @Nullable EngineException failure;

    /** Takes over the drafter. */
    public Speculation(Drafter drafter) {
        this(drafter, Optional.empty());
    }

    /**
     * Takes over the drafter.
     *
     * @param predicted how steps of several rows compare, until they are measured
     */
    public Speculation(Drafter drafter, Optional<DraftPrices> predicted) {
        this.drafter = drafter;
        this.depth = new DraftDepth(predicted.orElse(null));
    }

    /** What became of its drafts so far. */
    public DraftCounts counts() {
        return counts;
    }

    /** Tokens that were drafted. */
    public long drafted() {
        return counts.drafted();
    }

    /** Tokens that were drafted and are what the model chose. */
    public long accepted() {
        return counts.accepted();
    }

    /** Why it drafts no more; empty if nothing has failed. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure).map(EngineException::getMessage);
    }

    /** Up to {@code most} tokens that may follow; none if drafting does not pay now, or has failed once. */
    int[] draft(int[] ids, int length, int most, CancelToken cancel) {
        if (failure != null) {
            return new int[0];
        }
        try {
            int behind = drafter.behind(ids, length);
            int wanted = Math.min(most, depth.choose(behind));
            return wanted < 1 ? new int[0] : draft(ids, length, wanted, behind, cancel);
        } catch (EngineException e) {
            failure = e; // a draft is never worth a reply
            return new int[0];
        }
    }

    private int[] draft(int[] ids, int length, int wanted, int behind, CancelToken cancel) {
        long start = System.nanoTime();
        if (behind > 0) {
            drafter.read(ids, length, cancel);
            depth.read(behind, (System.nanoTime() - start) / 1e9);
            start = System.nanoTime();
        }
        int[] draft = drafter.draft(ids, length, wanted, cancel);
        depth.drafted(draft.length, (System.nanoTime() - start) / 1e9);
        counts = counts.asked(draft.length);
        return Arrays.copyOf(draft, Math.min(draft.length, wanted));
    }

    void stepped(int rows, double seconds) {
        depth.stepped(rows, seconds);
    }

    void verified(int length, int right) {
        counts = counts.verified(length, right);
        depth.verified(length, right);
    }

    /** The reply ended before all that was drafted was decided. */
    void cutShort(int right) {
        counts = counts.cutShort(right);
    }

    @Override
    public void close() {
        drafter.close();
    }
}
