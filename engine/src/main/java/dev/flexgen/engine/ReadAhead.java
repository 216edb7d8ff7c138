package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.exec.Batch;
import dev.flexgen.engine.plan.Plan;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Which tokens of a session may be computed before the rest of their prompt is known, so that the prompt gives the same logits to
 * the bit as without. On the processor all steps of many tokens compute each token alike, so parts of a prompt will do; with a GPU
 * only the very steps are alike that the whole prompt would have. Owned by the session's thread.
 */
final class ReadAhead {

    /** From so many tokens on, the processor's steps compute each of them alike. */
    static final int ALIKE = Plan.COMPUTE_BOUND_TOKENS;

    /** Tokens of a part: few, so that not much is lost when one is cancelled. */
    private static final int PART = 128;

    private static final int NOWHERE = -1;

    private final boolean wholeSteps;
    private final int stepTokens;
    private int from = NOWHERE;
    private volatile int end;

    /**
     * For a session of a model.
     *
     * @param wholeSteps whether a device computes that knows more kinds of steps than two
     * @param stepTokens most tokens of a step
     */
    ReadAhead(boolean wholeSteps, int stepTokens) {
        this.wholeSteps = wholeSteps;
        this.stepTokens = stepTokens;
    }

    /** Takes a session's pending tokens in steps until the rest has to wait; whether none was left out. */
    boolean read(Session session, BooleanSupplier goOn, CancelToken cancel) {
        end = session.length();
        int count = next(session.length(), session.pending());
        while (count > 0
                && !cancel.cancelled()
                && goOn.getAsBoolean()
                && step(session, Math.min(count, session.pending()), cancel)) {
            count = next(session.length(), session.pending());
        }
        return count == 0;
    }

    private boolean step(Session session, int count, CancelToken cancel) {
        end = session.length() + count;
        return session.model()
                .step(new Batch(List.of(session.share(count, 0, cancel))))
                .completed(0);
    }

    /** Tokens that will be held when the step that runs has ended. Any thread. */
    int end() {
        return end;
    }

    /** Tokens of the next step, where so many are known; 0 if they must wait for the rest. */
    int next(int held, int known) {
        if (from == NOWHERE) {
            from = held;
        }
        if (wholeSteps) {
            return known >= stepTokens + ALIKE ? stepTokens : 0;
        }
        return known < ALIKE ? 0 : Math.min(PART, stepTokens);
    }

    /** How many of the tokens that a cache shares with a beginning stay for it. */
    int keep(int common) {
        if (from == NOWHERE) {
            return common;
        }
        from = Math.min(from, common);
        return wholeSteps ? from + (common - from) / stepTokens * stepTokens : common;
    }

    /** How many of the tokens that a cache shares with a prompt may be used for it; ends what was ahead. */
    int usable(int common, int promptLength) {
        int shared = shared(common, promptLength);
        from = NOWHERE;
        return shared;
    }

    /** The same for a prompt that may come. */
    int shared(int common, int promptLength) {
        int begin = from;
        if (begin == NOWHERE || common <= begin) {
            return common;
        }
        int fresh = promptLength - begin;
        if (fresh < ALIKE) {
            return begin;
        }
        int most = Math.min(common, promptLength - ALIKE);
        return wholeSteps ? begin + (most - begin) / stepTokens * stepTokens : Math.max(begin, most);
    }

    /** Tokens that the next step of a known prompt takes, such that none of its steps has few unless all of it is. */
    static int step(int pending, int room) {
        int left = pending - room;
        return left > 0 && left < ALIKE && room >= 2 * ALIKE ? pending - ALIKE : Math.min(pending, room);
    }
}
