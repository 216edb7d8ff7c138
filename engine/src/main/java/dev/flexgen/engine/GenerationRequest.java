package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Set;

/**
 * What to generate.
 *
 * @param maxNewTokens most tokens to add
 * @param endTokens ids that end the reply; empty to go on regardless
 */
public record GenerationRequest(int maxNewTokens, SamplerOptions sampling, Set<Integer> endTokens) {

    public GenerationRequest {
        if (maxNewTokens < 1) {
            throw EngineException.input("max-new-tokens is " + maxNewTokens + "; it must be at least 1");
        }
        endTokens = Set.copyOf(endTokens);
    }
}
