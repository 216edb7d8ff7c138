package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.List;

/**
 * How a plan uses GPUs that do not hold the whole model.
 *
 * @param turns which GPU has which layer
 * @param tables index of the device that holds token table and head
 * @param share of what a token reads outside the memory of GPUs that they read; the processor computes the others in place
 * @param sendsHeads whether heads may be streamed: their keys and values are on the GPU then
 * @param downShare share of the rows in the second half of neurons that a token reads. Below 1 the GPU reads those in host memory
 *     in place, and they are the last to be kept on the GPU
 * @param first what of a layer is kept on the GPU first
 */
record Offload(
        LayerTurns turns, int processor, int tables, double share, boolean sendsHeads, double downShare, First first) {

    private static final double NEAR = 0.87;

    /** What is kept on the GPU first: where one half of a layer is there whole, devices meet once less. */
    enum First {
        BOTH_ALIKE,
        HEADS,
        NEURONS
    }

    /** Shares near this one: bus and processor also wait for the GPU, so that the even share is not always the best. */
    List<Offload> near() {
        return share == 1
                ? List.of(this)
                : List.of(this, withShare(NEAR * share), withShare(Math.min(1, share / NEAR)));
    }

    private Offload withShare(double other) {
        return new Offload(turns, processor, tables, other, sendsHeads, downShare, first);
    }

    Offload with(First other) {
        return new Offload(turns, processor, tables, share, sendsHeads, downShare, other);
    }

    /** From this share on reading single rows over the bus is not tried. */
    private static final double MOST_GATED = 0.4;

    /**
     * All that are worth comparing.
     *
     * @param share that keeps buses and processor busy for the same time
     * @param activeShare of the neurons after ReLU; 1 if there is no ReLU
     */
    static List<Offload> candidates(LayerTurns turns, int processor, double share, double activeShare) {
        List<Offload> candidates = new ArrayList<>();
        for (double downShare : activeShare < MOST_GATED ? new double[] {1, activeShare} : new double[] {1}) {
            // The GPU may as well read all: then nobody waits for a slow processor.
            for (double streamed : share < 1 ? new double[] {share, 1} : new double[] {1}) {
                candidates.add(
                        new Offload(turns, processor, turns.last(), streamed, true, downShare, First.BOTH_ALIKE));
                candidates.add(
                        new Offload(turns, processor, turns.last(), streamed, false, downShare, First.BOTH_ALIKE));
                candidates.add(new Offload(turns, processor, processor, streamed, false, downShare, First.BOTH_ALIKE));
            }
        }
        return candidates;
    }

    /** Whether the GPU reads rows of active neurons in host memory in place. */
    boolean gated() {
        return downShare < 1;
    }

    /** The largest part of a layer of {@code share / of} of its bytes, for the GPU's memory. */
    Cut onGpu(Cut all, int part, int of) {
        return switch (first) {
            case BOTH_ALIKE -> gated() ? all.partWithDownsLast(part, of) : all.part(part, of);
            case HEADS -> all.partWithHeadsFirst(part, of);
            case NEURONS -> all.partWithNeuronsFirst(part, of);
        };
    }

    /**
     * What of the rest the GPU computes also in memory-bound steps: neurons first.
     *
     * @param rest what is not in its memory; it computes all neurons whose first half is
     */
    Cut streamed(Cut rest) {
        if (share == 1) {
            return rest.with(sendsHeads ? rest.heads() : 0, rest.ups());
        }
        LayerSizes sizes = rest.sizes();
        double neuronBytes = sizes.upBytes() + downShare * sizes.downBytes();
        double mapped = (rest.downs() - rest.ups()) * downShare * sizes.downBytes();
        double all = rest.heads() * sizes.headBytes() + rest.ups() * neuronBytes + mapped;
        double bytes = Math.max(0, share * all - mapped);
        int neurons = sizes.together((long) (bytes / neuronBytes), rest.ups());
        double left = sendsHeads ? bytes - neurons * neuronBytes : 0;
        return rest.with((int) Math.clamp(left / sizes.headBytes(), 0, rest.heads()), neurons);
    }
}
