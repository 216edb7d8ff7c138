package dev.flexgen.engine;

import dev.flexgen.engine.plan.Acceptance;
import java.util.Optional;

/**
 * What became of drafts. Of a draft only the tokens up to the first wrong one are judged; what follows that says nothing.
 *
 * @param asked how often there was to be a draft
 * @param given how often there was one
 * @param drafted tokens
 * @param accepted tokens that are what the model chose
 * @param judged tokens that were right, or the first of their draft that was not
 */
public record DraftCounts(long asked, long given, long drafted, long accepted, long judged) {

    public static final DraftCounts NONE = new DraftCounts(0, 0, 0, 0, 0);

    /** Judged tokens from which on their share of right ones says something. */
    private static final long ENOUGH = 64;

    private static final long MANY = 10_000;

    public DraftCounts {
        if (given < 0 || accepted < 0 || given > asked || accepted > judged || judged > drafted) {
            throw new IllegalArgumentException("impossible counts of drafts");
        }
    }

    DraftCounts asked(int tokens) {
        return new DraftCounts(asked + 1, given + (tokens > 0 ? 1 : 0), drafted + tokens, accepted, judged);
    }

    DraftCounts verified(int length, int right) {
        return new DraftCounts(asked, given, drafted, accepted + right, judged + Math.min(length, right + 1));
    }

    DraftCounts cutShort(int right) {
        return new DraftCounts(asked, given, drafted, accepted + right, judged + right);
    }

    public DraftCounts since(DraftCounts before) {
        return new DraftCounts(
                asked - before.asked,
                given - before.given,
                drafted - before.drafted,
                accepted - before.accepted,
                judged - before.judged);
    }

    public DraftCounts plus(DraftCounts other) {
        return new DraftCounts(
                asked + other.asked,
                given + other.given,
                drafted + other.drafted,
                accepted + other.accepted,
                judged + other.judged);
    }

    /** The same, such that what comes next still counts. */
    public DraftCounts recent() {
        return judged < MANY ? this : new DraftCounts(asked / 2, given / 2, drafted / 2, accepted / 2, judged / 2);
    }

    /** The shares, once there are enough to say. */
    public Optional<Acceptance> acceptance() {
        return judged < ENOUGH || asked == 0
                ? Optional.empty()
                : Optional.of(new Acceptance((double) accepted / judged, (double) given / asked, true));
    }
}
