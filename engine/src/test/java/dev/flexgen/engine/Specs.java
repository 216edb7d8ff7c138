package dev.flexgen.engine;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.model.Block;
import dev.flexgen.engine.model.Block.NormPlace;
import dev.flexgen.engine.model.Dimensions;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.LayerStack;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.NormSpec;
import java.util.Optional;

/** Specs of OPT models that have no files. */
public final class Specs {

    private Specs() {}

    /** Four heads, two layers, 97 tokens: small enough that thousands of tokens take no time. */
    public static ModelSpec tiny(int positions) {
        return opt(new Dimensions(2, 32, 4, 4, 8, 128, 97, 32, positions));
    }

    public static ModelSpec opt(Dimensions dimensions) {
        ModelSpec spec = Families.named("opt").spec(dimensions, Activation.RELU);
        NormSpec norm = new NormSpec(NormSpec.Kind.LAYER_NORM, 1e-5f);
        Block block = spec.block(0);
        Block before = new Block(norm, NormPlace.BEFORE, block.residual(), block.attention(), block.feedForward());
        return new ModelSpec(
                spec.family(),
                spec.width(),
                spec.tokens(),
                LayerStack.of(before, spec.layers()),
                Optional.of(norm),
                spec.head(),
                spec.positions(),
                spec.beginToken(),
                spec.endTokens());
    }
}
