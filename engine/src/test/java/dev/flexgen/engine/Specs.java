package dev.flexgen.engine;

import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Features;
import dev.flexgen.engine.model.Features.NormPlace;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.tensor.Activation;
import java.util.OptionalInt;
import java.util.Set;

/** Specs of OPT models that have no files. */
public final class Specs {

    private Specs() {}

    /** Four heads, two layers, 97 tokens: small enough that thousands of tokens take no time. */
    public static ModelSpec tiny(int positions) {
        return opt(new Dimensions(2, 32, 4, 4, 8, 128, 97, 32, positions));
    }

    public static ModelSpec opt(Dimensions dimensions) {
        Features features = new Features(NormPlace.BEFORE, 1e-5f, true, Activation.RELU, 2);
        return new ModelSpec("opt", dimensions, features, OptionalInt.of(2), Set.of(2));
    }
}
