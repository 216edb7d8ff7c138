package dev.flexgen.engine.plan;

import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;

/**
 * What a price depends on beside plan and footprint.
 *
 * @param weights encoding of the matrices inside the layers
 * @param head encoding of the output head
 * @param kv encoding of keys and values
 * @param activeShare of the neurons after ReLU that a token needs; 1 if there is no ReLU
 */
public record ModelShape(ModelSpec spec, Encoding weights, Encoding head, KvEncoding kv, double activeShare) {

    public ModelShape {
        if (!(activeShare > 0 && activeShare <= 1)) {
            throw new IllegalArgumentException("an active share of " + activeShare);
        }
    }

    Encoding encoding(Component component) {
        return component == Component.VOCABULARY ? head : weights;
    }

    /** Bytes of the keys and values of one layer at one position, of {@code heads} key heads. */
    double kvBytes(int heads) {
        PageFormat sealed = kv.sealed();
        double oneHead = sealed == null
                ? 2.0 * kv.open().rowBytes(spec.headDim())
                : (double) (sealed.keyBytes(spec.headDim()) + sealed.valueBytes(spec.headDim())) / sealed.tokens();
        return heads * oneHead;
    }

    /** Numbers of the same. */
    double kvNumbers(int heads) {
        return 2.0 * heads * spec.headDim();
    }

    /** Share of the neurons that any of so many tokens needs, if they are independent of each other. */
    double activeInAny(int tokens) {
        return activeShare == 1 ? 1 : 1 - Math.pow(1 - activeShare, tokens);
    }

    /** Share of a block that a step of so many tokens reads: of experts those that routers choose, which are taken to be even. */
    double shareRead(BlockId block, int tokens) {
        if (block.component() != Component.EXPERTS) {
            return 1;
        }
        double chosen = spec.block(block.layer()).feedForward() instanceof FeedForwardSpec.Experts network
                ? (double) network.chosen() / network.count()
                : 1;
        return 1 - Math.pow(1 - chosen, tokens);
    }
}
