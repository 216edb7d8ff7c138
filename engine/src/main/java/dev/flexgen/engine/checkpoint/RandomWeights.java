package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.DType;

/**
 * Weights for measuring a model that is not there.
 *
 * @param activeNeurons share of neurons that ReLU leaves above zero, set through their biases; 0 for no bias, which makes it
 *     about a half
 */
public record RandomWeights(DType dtype, long seed, double activeNeurons) {

    public RandomWeights {
        if (!(activeNeurons >= 0 && activeNeurons < 1)) {
            throw EngineException.input("active-neurons is " + activeNeurons + "; it must be 0 to below 1");
        }
    }
}
