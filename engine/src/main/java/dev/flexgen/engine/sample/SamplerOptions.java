package dev.flexgen.engine.sample;

import dev.flexgen.config.DecimalRange;
import dev.flexgen.config.SamplingRanges;
import dev.flexgen.engine.base.EngineException;

/**
 * How the next token is chosen.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK keep only so many of the most likely tokens; 0 keeps all
 * @param topP keep the fewest most likely tokens whose probabilities reach this sum; 1 keeps all
 * @param minP drop tokens less likely than this share of the most likely one's probability; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of tokens already in the context; 1 changes nothing
 * @param seed of the random numbers
 */
public record SamplerOptions(
        double temperature, int topK, double topP, double minP, double repetitionPenalty, long seed) {

    public SamplerOptions {
        require(SamplingRanges.TEMPERATURE, "temperature", temperature);
        if (topK < 0) {
            throw EngineException.input("top-k is " + topK + "; it must be 0 or more");
        }
        require(SamplingRanges.TOP_P, "top-p", topP);
        require(SamplingRanges.MIN_P, "min-p", minP);
        require(SamplingRanges.REPETITION_PENALTY, "repetition-penalty", repetitionPenalty);
    }

    private static void require(DecimalRange range, String name, double value) {
        if (!range.contains(value)) {
            throw EngineException.input(name + " is " + value + "; it must be a number " + range);
        }
    }

    /** Always the most likely token. */
    public static SamplerOptions greedy() {
        return new SamplerOptions(0, 0, 1, 0, 1, 0);
    }
}
