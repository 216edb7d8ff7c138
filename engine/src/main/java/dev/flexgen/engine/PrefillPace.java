package dev.flexgen.engine;

/** How long a token of a prompt takes to read, by what was measured so far. Any thread. */
final class PrefillPace {

    /** Fewer are bound by reading the weights, and say nothing of many. */
    private static final int FEWEST_TOKENS = 64;

    private volatile double secondsPerToken;

    void learn(int tokens, double seconds) {
        if (tokens >= FEWEST_TOKENS) {
            secondsPerToken = seconds / tokens;
        }
    }

    /** Of the last prompt that was long enough; 0 if there was none. */
    double secondsPerToken() {
        return secondsPerToken;
    }
}
