package dev.flexgen.engine.plan;

import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import java.util.Optional;

/**
 * What a price depends on beside plan and footprint.
 *
 * @param weights encoding of the matrices inside the layers
 * @param head encoding of the output head
 * @param kv encoding of keys and values
 * @param activeShare of the neurons after ReLU that a token needs; 1 if there is no ReLU
 * @param use of experts, if it was counted
 */
public record ModelShape(
        ModelSpec spec, Encoding weights, Encoding head, KvEncoding kv, double activeShare, Optional<ExpertUse> use) {

    /** Of a model that nobody has watched. */
    public ModelShape(ModelSpec spec, Encoding weights, Encoding head, KvEncoding kv, double activeShare) {
        this(spec, weights, head, kv, activeShare, Optional.empty());
    }

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

    /** Share of the tokens that choose an expert; the same for all of a layer where nobody has counted. */
    double chosenShare(int layer, int expert) {
        return use.isPresent() ? use.get().share(layer, expert) : evenShare(layer);
    }

    private double evenShare(int layer) {
        return spec.block(layer).feedForward() instanceof FeedForwardSpec.Experts network
                ? (double) network.chosen() / network.count()
                : 1;
    }

    /** Experts of a shard that any of so many tokens chooses, if they are independent of each other. */
    double expertsRead(BlockId block, Shard shard, int tokens) {
        if (use.isEmpty()) {
            return shard.size() * (1 - Math.pow(1 - evenShare(block.layer()), tokens));
        }
        double sum = 0;
        for (int expert = shard.from(); expert < shard.to(); expert++) {
            sum += 1 - Math.pow(1 - chosenShare(block.layer(), expert), tokens);
        }
        return sum;
    }

    /** How many times what one token reads of a block on average, all experts alike, a step of so many tokens reads. */
    double timesRead(BlockId block, Shard shard, int tokens) {
        return block.component() == Component.EXPERTS
                ? expertsRead(block, shard, tokens) / (shard.size() * evenShare(block.layer()))
                : 1;
    }

    /** Of a step of so many tokens, those that pass through what a shard reads of a block: all, or those that chose an expert. */
    int rowsEach(BlockId block, Shard shard, int tokens) {
        if (block.component() != Component.EXPERTS) {
            return tokens;
        }
        double share = expertsRead(block, shard, tokens) / shard.size();
        double chosen = expertsRead(block, shard, 1) / shard.size();
        return share == 0 ? 1 : (int) Math.ceil(tokens * chosen / share - 1e-9);
    }
}
