package dev.flexgen.engine;

/**
 * Chooses how many tokens to draft, from what was measured: how long steps of so many rows take, how long a drafted token takes, and how
 * often one is right. The aim is the most tokens a second. Where drafting does not pay it stops, and is tried again now and then, at
 * a cost of at most about a hundredth. Owned by the session's thread.
 */
final class DraftDepth {

    /** With the token before them, rows of one regime, in which a row's result does not depend on the others. */
    static final int MOST = 7;

    private static final int FIRST = 3;

    /** Steps without a draft before one is tried again. */
    private static final int PAUSE = 64;

    /** Weight of the newest measurement. */
    private static final double NEWEST = 0.2;

    private final double[] seconds = new double[MOST + 2]; // by rows; 0 if not measured
    private double draftSeconds; // a token
    private double accepted = 0.7; // share of drafted tokens that are right, the earlier ones of a draft having been
    private int idle;

    /** How many tokens to draft next; 0 for none. */
    int choose() {
        int best = best();
        if (best > 0) {
            idle = 0;
            return best;
        }
        if (++idle > PAUSE) {
            idle = 0;
            return 1;
        }
        return 0;
    }

    private int best() {
        if (seconds[1] == 0) {
            return 0; // a step without a draft comes first: what the others are compared with
        }
        int best = 0;
        double most = 1 / seconds[1];
        for (int depth = 1; depth <= MOST; depth++) {
            double rate = tokens(depth) / (seconds(depth + 1) + depth * draftSeconds);
            if (rate > most) {
                most = rate;
                best = depth;
            }
        }
        return measured() ? best : FIRST;
    }

    private boolean measured() {
        for (int rows = 2; rows < seconds.length; rows++) {
            if (seconds[rows] > 0) {
                return true;
            }
        }
        return false;
    }

    /** Expected tokens of a step: the right ones of the draft, and the one that the model chooses itself. */
    private double tokens(int depth) {
        double sum = 1;
        double right = 1;
        for (int i = 0; i < depth; i++) {
            right *= accepted;
            sum += right;
        }
        return sum;
    }

    /** Of a step of so many rows: measured, or on the line through one row and the nearest that was measured. */
    private double seconds(int rows) {
        if (seconds[rows] > 0) {
            return seconds[rows];
        }
        for (int distance = 1; distance < seconds.length; distance++) {
            for (int other : new int[] {rows + distance, rows - distance}) {
                if (other > 1 && other < seconds.length && seconds[other] > 0) {
                    double slope = Math.max(0, (seconds[other] - seconds[1]) / (other - 1));
                    return seconds[1] + slope * (rows - 1);
                }
            }
        }
        return seconds[1];
    }

    /** A step of so many rows took so long. */
    void stepped(int rows, double taken) {
        if (rows < seconds.length) {
            seconds[rows] = seconds[rows] == 0 ? taken : mean(seconds[rows], taken);
        }
    }

    /** So many tokens were drafted in so many seconds. */
    void drafted(int tokens, double taken) {
        if (tokens > 0) {
            draftSeconds = draftSeconds == 0 ? taken / tokens : mean(draftSeconds, taken / tokens);
        }
    }

    /** Of a draft so many tokens were right. */
    void verified(int drafted, int right) {
        for (int i = 0; i < Math.min(drafted, right + 1); i++) {
            accepted = mean(accepted, i < right ? 1 : 0);
        }
    }

    private static double mean(double before, double now) {
        return before + NEWEST * (now - before);
    }
}
