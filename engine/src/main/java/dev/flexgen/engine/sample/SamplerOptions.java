package dev.flexgen.engine.sample;

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
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "0 to 100");
        require(topK >= 0, "top-k", topK, "0 or more");
        require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and up to 1");
        require(minP >= 0 && minP < 1, "min-p", minP, "0 to below 1");
        require(
                repetitionPenalty >= 0.01 && repetitionPenalty <= 100,
                "repetition-penalty",
                repetitionPenalty,
                "0.01 to 100");
    }

    private static void require(boolean fine, String name, Number value, String allowed) {
        if (!fine) {
            throw EngineException.input(name + " is " + value + "; it must be " + allowed);
        }
    }

    /** Always the most likely token. */
    public static SamplerOptions greedy() {
        return new SamplerOptions(0, 0, 1, 0, 1, 0);
    }

    public SamplerOptions withTemperature(double value) {
        return new SamplerOptions(value, topK, topP, minP, repetitionPenalty, seed);
    }

    public SamplerOptions withTopK(int value) {
        return new SamplerOptions(temperature, value, topP, minP, repetitionPenalty, seed);
    }

    public SamplerOptions withTopP(double value) {
        return new SamplerOptions(temperature, topK, value, minP, repetitionPenalty, seed);
    }

    public SamplerOptions withMinP(double value) {
        return new SamplerOptions(temperature, topK, topP, value, repetitionPenalty, seed);
    }

    public SamplerOptions withRepetitionPenalty(double value) {
        return new SamplerOptions(temperature, topK, topP, minP, value, seed);
    }

    public SamplerOptions withSeed(long value) {
        return new SamplerOptions(temperature, topK, topP, minP, repetitionPenalty, value);
    }
}
