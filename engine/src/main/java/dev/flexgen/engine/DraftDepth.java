package dev.flexgen.engine;

import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.DraftGain;
import dev.flexgen.engine.plan.DraftPrices;
import dev.flexgen.engine.plan.Plan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how many tokens to draft, from what was measured: how long steps of so many rows take, how long a drafted token takes, and how
 * often one is right. The aim is the most tokens a second. Where drafting does not pay it stops within 20 tokens, and is tried again
 * when the tokens since then have taken so long that a try costs at most a fiftieth of it. Owned by the session's thread.
 */
final class DraftDepth {

    /** With the token before them, rows of one regime, in which a row's result does not depend on the others. */
    static final int MOST = Plan.COMPUTE_BOUND_TOKENS - 2;

    private static final int FIRST = 3;

    /** Before anything is measured, and again when a try shows that drafts are right. */
    private static final double PRIOR = 0.7;

    /** A gain of less is noise. */
    private static final double LEAST_GAIN = 1.03;

    /** Tokens of a try. */
    private static final int TRY = 2;

    /** Steps without a draft before one is tried again, at least. */
    private static final int LEAST_PAUSE = 32;

    /** Below the 3 % that nobody should notice, since a try may take longer than those before it. */
    private static final double MOST_COST = 0.02;

    /** Steps with drafts until one without is measured anew: soon at first, while the code is still being compiled. */
    private static final int STALE = 64;

    private static final int STALE_AT_FIRST = 8;

    /** Steps with drafts before one judges them: the first ones pay for code that is not compiled yet. */
    private static final int LEAST_SEEN = 5;

    /** Weight of the newest measurement. */
    private static final double NEWEST = 0.2;

    private static final double QUICKER = 0.4;

    /** Beside verifying: drafting goes on, has stopped, or is tried again. */
    private enum State {
        DRAFTING,
        PAUSED,
        TRYING
    }

    private final @Nullable DraftPrices predicted;
    private final double[] seconds = new double[MOST + 2]; // by rows; 0 if not measured
    private State state = State.DRAFTING;
    private double draftSeconds; // a token
    private double readSeconds; // a token that a drafter has to read before it can go on
    private double accepted = PRIOR; // share of drafted tokens that are right, the earlier ones of a draft having been
    private double credit;
    private int idle;
    private int sincePlain;
    private int plainSteps;
    private int draftedSteps;

    /** @param predicted how steps of several rows compare, where they are not measured yet; null if nobody knows */
    DraftDepth(@Nullable DraftPrices predicted) {
        this.predicted = predicted;
    }

    /**
     * How many tokens to draft next; 0 for none.
     *
     * @param behind tokens that the drafter would have to read first
     */
    int choose(int behind) {
        if (seconds[1] == 0) {
            return 0; // a step without a draft comes first: what the others are compared with
        }
        if (state != State.DRAFTING) {
            return tryAgain(behind) ? TRY : 0;
        }
        if (draftedSteps < LEAST_SEEN) {
            return FIRST;
        }
        if (sincePlain >= Math.min(STALE, STALE_AT_FIRST << plainSteps)) {
            return 0;
        }
        DraftGain best = prices().best(new Acceptance(accepted, 1, true));
        if (best.times() < LEAST_GAIN) {
            pause();
            return 0;
        }
        return best.depth();
    }

    private void pause() {
        state = State.PAUSED;
        credit = 0;
        idle = 0;
    }

    private boolean tryAgain(int behind) {
        idle++;
        credit += MOST_COST * seconds[1];
        double rows = Math.max(0, seconds(TRY + 1) - seconds[1]);
        double cost = rows + TRY * draftSeconds + behind * Math.max(readSeconds, 0);
        state = idle >= LEAST_PAUSE && credit >= cost ? State.TRYING : State.PAUSED;
        return state == State.TRYING;
    }

    private DraftPrices prices() {
        List<Double> steps = new ArrayList<>();
        for (int rows = 1; rows < seconds.length; rows++) {
            steps.add(seconds(rows));
        }
        return new DraftPrices(steps, draftSeconds);
    }

    /** Of a step of so many rows: measured, or from the nearest that was measured. */
    private double seconds(int rows) {
        if (seconds[rows] > 0) {
            return seconds[rows];
        }
        for (int distance = 1; distance < seconds.length; distance++) {
            for (int other : new int[] {rows + distance, rows - distance}) {
                if (other > 1 && other < seconds.length && seconds[other] > 0) {
                    return from(other, rows);
                }
            }
        }
        return seconds[1];
    }

    /** As the prediction has it, or on the line through one row and those that were measured. */
    private double from(int measured, int rows) {
        if (predicted != null && Math.max(measured, rows) <= predicted.most() + 1) {
            List<Double> steps = predicted.steps();
            return seconds[measured] * steps.get(rows - 1) / steps.get(measured - 1);
        }
        double slope = Math.max(0, (seconds[measured] - seconds[1]) / (measured - 1));
        return seconds[1] + slope * (rows - 1);
    }

    /** A step of so many rows took so long. */
    void stepped(int rows, double taken) {
        if (rows < seconds.length) {
            seconds[rows] = mean(seconds[rows], taken);
        }
        if (rows == 1) {
            plainSteps = Math.min(plainSteps + 1, STALE_AT_FIRST); // shifts no further
            sincePlain = 0;
        } else {
            sincePlain++;
            draftedSteps++;
        }
    }

    /** So many tokens were drafted in so many seconds. */
    void drafted(int tokens, double taken) {
        if (tokens > 0) {
            draftSeconds = mean(draftSeconds, taken / tokens);
            if (state == State.TRYING) {
                pause(); // the next try, unless this one shows that it pays
                state = State.TRYING;
            }
        }
    }

    /** The drafter has read so many tokens. */
    void read(int tokens, double taken) {
        readSeconds = mean(readSeconds, taken / tokens);
    }

    /** Of a draft so many tokens were right. */
    void verified(int drafted, int right) {
        for (int i = 0; i < Math.min(drafted, right + 1); i++) {
            accepted += NEWEST * ((i < right ? 1 : 0) - accepted);
        }
        if (state == State.TRYING && right == drafted) {
            state = State.DRAFTING;
            accepted = Math.max(accepted, PRIOR);
        }
    }

    /** Of times; one that was held up, or ran code that was not compiled, counts little as soon as there is a quicker one. */
    private static double mean(double before, double now) {
        if (before == 0 || now < before / 2) {
            return now;
        }
        return before + (now < before ? QUICKER : NEWEST) * (now - before);
    }
}
