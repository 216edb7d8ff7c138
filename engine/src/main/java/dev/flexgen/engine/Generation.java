package dev.flexgen.engine;

import java.util.List;

/**
 * A finished reply.
 *
 * @param tokens the new ids, without the one that ended it
 * @param prefillSeconds of the prefill before it
 * @param decodeSeconds from the first token's choice to the last's
 */
public record Generation(List<Integer> tokens, FinishReason reason, double prefillSeconds, double decodeSeconds) {

    public Generation {
        tokens = List.copyOf(tokens);
    }

    /** The new ids. */
    public int[] ids() {
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Tokens a second, of those that needed a step of their own: the first comes with the prefill. */
    public double decodeTokensPerSecond() {
        return tokens.size() < 2 || decodeSeconds == 0 ? 0 : (tokens.size() - 1) / decodeSeconds;
    }
}
