package dev.flexgen.engine.plan;

/**
 * What drafting is expected to bring.
 *
 * @param depth tokens to draft for a step; 0 if drafting does not pay
 * @param tokensPerStep of the reply, on average, where there is a draft
 * @param tokensPerSecond of the reply
 * @param plainTokensPerSecond the same without drafts
 */
public record DraftGain(int depth, double tokensPerStep, double tokensPerSecond, double plainTokensPerSecond) {

    /** How many times as fast. */
    public double times() {
        return tokensPerSecond / plainTokensPerSecond;
    }
}
