package dev.flexgen.engine;

import dev.flexgen.engine.exec.Logits;

/**
 * A drafted end of a session's sequence, while the model's own choices are compared with it. Row {@code i} of the logits belongs to the
 * place behind the {@code i}-th drafted token.
 */
final class Verification {

    private final int[] draft;
    private final Logits logits;
    private final int sequence;
    private int right;

    Verification(int[] draft, Logits logits, int sequence) {
        this.draft = draft;
        this.logits = logits;
        this.sequence = sequence;
    }

    /** Drafted tokens that nobody has chosen yet. */
    int left() {
        return draft.length - right;
    }

    int right() {
        return right;
    }

    int length() {
        return draft.length;
    }

    /** Whether the model's choice is the next drafted token; then the logits behind that are in {@code target}. */
    boolean accepts(int id, float[] target) {
        if (left() == 0 || draft[right] != id) {
            return false;
        }
        right++;
        copyLogits(target);
        return true;
    }

    void copyLogits(float[] target) {
        logits.copyRow(sequence, right, target);
    }
}
