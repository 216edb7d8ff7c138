package dev.flexgen.engine;

import dev.flexgen.engine.exec.Logits;
import org.jspecify.annotations.Nullable;

/** The drafted end of a session's sequence: waiting for its step, or computed and being compared. Owned by the session's thread. */
final class Drafted {

    private static final int[] NOTHING = {};

    private int[] waiting = NOTHING;
    private @Nullable Verification verification;
    private @Nullable Speculation speculation;

    /** Whose drafts these are; null for nobody's. */
    void by(@Nullable Speculation drafts) {
        speculation = drafts;
    }

    /** Tokens that the next step takes behind the chosen one; returns them. */
    int[] take(int[] draft) {
        waiting = draft;
        return draft;
    }

    /** How many wait for a step. */
    int pending() {
        return waiting.length;
    }

    /** A step has taken them. */
    void computed(Logits logits, int sequence) {
        if (waiting.length > 0) {
            verification = new Verification(waiting, logits, sequence);
            waiting = NOTHING;
        }
    }

    boolean isComputed() {
        return verification != null;
    }

    /** Computed tokens that nobody has chosen yet. */
    int undecided() {
        return verification == null ? 0 : verification.left();
    }

    /** Whether the model's choice is the next of them; then the logits behind it are in {@code target}. */
    boolean accepts(int id, float[] target) {
        return verification != null && verification.accepts(id, target);
    }

    /** The model has chosen another token, or all were right. */
    void decide() {
        if (verification != null && speculation != null) {
            speculation.verified(verification.length(), verification.right());
        }
    }

    /** The reply ended before all was decided. */
    void cutShort() {
        if (verification != null && speculation != null) {
            speculation.cutShort(verification.right());
        }
    }

    void clear() {
        waiting = NOTHING;
        verification = null;
    }

    /** A step of so many rows took so long. */
    void stepped(int rows, double seconds) {
        if (speculation != null) {
            speculation.stepped(rows, seconds);
        }
    }
}
