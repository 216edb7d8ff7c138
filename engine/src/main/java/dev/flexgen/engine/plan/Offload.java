package dev.flexgen.engine.plan;

import java.util.List;

/**
 * How a plan uses a GPU that does not hold the whole model.
 *
 * @param tables index of the device that holds token table and head
 * @param share of the rest's bytes that is streamed to the GPU for every token; the processor computes the others in place
 * @param sendsHeads whether heads may be streamed: their keys and values are on the GPU then
 */
record Offload(int gpu, int processor, int tables, double share, boolean sendsHeads) {

    /** In the order of preference: where keys and values, or the tables, do not fit the GPU, the processor keeps them. */
    static List<Offload> candidates(int gpu, int processor, double share) {
        return List.of(
                new Offload(gpu, processor, gpu, share, true),
                new Offload(gpu, processor, gpu, share, false),
                new Offload(gpu, processor, processor, share, false));
    }

    /** What of the rest the GPU computes also in memory-bound steps: neurons first. */
    Cut streamed(Cut rest) {
        if (share == 1) {
            return rest.with(sendsHeads ? rest.heads() : 0, rest.neurons());
        }
        long bytes = (long) (share * rest.bytes());
        int neurons = (int) Math.min(rest.neurons(), bytes / rest.neuronBytes());
        long left = sendsHeads ? bytes - neurons * rest.neuronBytes() : 0;
        return rest.with((int) Math.min(rest.heads(), left / rest.headBytes()), neurons);
    }
}
