package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import java.util.Arrays;

/**
 * Speculative decoding of one session: has tokens drafted, and keeps count of how many were right. The model chooses every token itself,
 * from the very logits that it would have computed without a draft, with the same draws; so a reply is the same, token by token, also
 * with a temperature, a penalty or a stop string. Owned by the session's thread.
 */
public final class Speculation implements AutoCloseable {

    private final Drafter drafter;
    private final DraftDepth depth = new DraftDepth();
    private long drafted;
    private long accepted;
    private boolean failed;

    /** Takes over the drafter. */
    public Speculation(Drafter drafter) {
        this.drafter = drafter;
    }

    /** Tokens that were drafted. */
    public long drafted() {
        return drafted;
    }

    /** Tokens that were drafted and are what the model chose. */
    public long accepted() {
        return accepted;
    }

    /** Up to {@code most} tokens that may follow; none if drafting does not pay now, or has failed once. */
    int[] draft(int[] ids, int length, int most, CancelToken cancel) {
        int wanted = failed ? 0 : Math.min(most, depth.choose());
        if (wanted < 1) {
            return new int[0];
        }
        long start = System.nanoTime();
        int[] draft;
        try {
            draft = drafter.draft(ids, length, wanted, cancel);
        } catch (EngineException e) {
            failed = true; // a draft is never worth a reply
            return new int[0];
        }
        depth.drafted(draft.length, (System.nanoTime() - start) / 1e9);
        drafted += draft.length;
        return Arrays.copyOf(draft, Math.min(draft.length, wanted));
    }

    void stepped(int rows, double seconds) {
        depth.stepped(rows, seconds);
    }

    void verified(int length, int right) {
        accepted += right;
        depth.verified(length, right);
    }

    /** The reply ended before all that was drafted was decided. */
    void cutShort(int right) {
        accepted += right;
    }

    @Override
    public void close() {
        drafter.close();
    }
}
