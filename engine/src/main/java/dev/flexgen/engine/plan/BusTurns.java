package dev.flexgen.engine.plan;

import java.util.List;

/**
 * When layers are computed by GPUs in turn, a bus that has filled its GPU's ring waits until that GPU's turn comes again. Of the whole
 * step the others' turns take a share; whatever of it lasts longer than filling the ring, the bus has nothing to do.
 *
 * @param turns in their order, after the last of which the first of the next step follows
 */
record BusTurns(List<Turn> turns) {

    private static final double SETTLED = 1e-4;

    /**
     * Neighbouring layers that are alike.
     *
     * @param load of all of them
     * @param seconds that they would take alone
     */
    record Turn(StepLoad load, double seconds) {}

    /**
     * Seconds of the step, by what one bus has to do.
     *
     * @param least seconds that it takes anyway
     * @param rate of the bus
     * @param ringBytes that may lie ready for its GPU
     */
    double seconds(int device, double least, double busy, double rate, double ringBytes) {
        double all = turns.stream().mapToDouble(Turn::seconds).sum();
        double seconds = Math.max(least, busy);
        for (double before = 0;
                seconds - before > SETTLED * seconds; ) { // others' turns are a share below 1, so this ends
            before = seconds;
            seconds = Math.max(least, busy + idle(device, seconds / all, ringBytes / rate));
        }
        return seconds;
    }

    /** @param scale of turns, which wait for each other too */
    private double idle(int device, double scale, double ringSeconds) {
        int first = 0;
        while (first < turns.size() && !uses(first, device)) {
            first++;
        }
        double idle = 0;
        double gap = 0;
        for (int i = 1;
                i <= turns.size() && first < turns.size();
                i++) { // from the turn after one of its own around to that
            int turn = (first + i) % turns.size();
            if (uses(turn, device)) {
                idle += Math.max(0, scale * gap - ringSeconds);
                gap = 0;
            } else {
                gap += turns.get(turn).seconds();
            }
        }
        return idle;
    }

    private boolean uses(int turn, int device) {
        return turns.get(turn).load().streamed[device] > 0;
    }
}
