package dev.flexgen.engine.model;

/** One layer of a transformer: attention and a feed-forward network, each added to the residual stream. */
public record Block(
        NormSpec norm, NormPlace normPlace, Residual residual, AttentionSpec attention, FeedForwardSpec feedForward) {

    /** The same with another feed-forward network. */
    Block withFeedForward(FeedForwardSpec other) {
        return new Block(norm, normPlace, residual, attention, other);
    }

    /** Where a half of the block, f, normalises. */
    public enum NormPlace {
        /** {@code x + f(norm(x))}. */
        BEFORE,
        /** {@code norm(x + f(x))}, the original transformer's order. */
        AFTER,
        /** {@code x + norm(f(norm(x)))}. */
        AROUND
    }

    /** What the feed-forward half begins with. */
    public enum Residual {
        /** The sum that attention has been added to. */
        SEQUENTIAL,
        /** The block's input, as attention does; it normalises it with a norm of its own. */
        PARALLEL,
        /** The same normalised input as attention. */
        PARALLEL_SHARED_NORM
    }
}
