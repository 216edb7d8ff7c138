package dev.flexgen.engine.plan;

import java.util.function.IntPredicate;

/**
 * What cuts of a model take, by multiplication: quick, and off by rings, buffers and rounding, which a {@link Footprint} of a cut
 * near by tells. For searching only; plans are judged by their footprints.
 *
 * @param positions for which keys and values have room
 */
record Sketch(ModelShape model, LayerSizes sizes, Footprint whole, long positions) implements BlockSizes {

    static final int SHARES = 1 << 12;

    /** On a GPU: weights that lie there, keys and values that it attends over. */
    double gpuBytes(int gpu, Cut onGpu, Offload offload) {
        int attended =
                onGpu.heads() + offload.streamed(sizes.all().without(onGpu)).heads();
        return offload.turns().layers(gpu) * (onGpu.bytes() + model.kvBytes(attended) * positions);
    }

    /** The largest share of all of its layers on a GPU for which this and {@code constant} stay within the budget; -1 if none does. */
    int share(int gpu, Offload offload, double constant, long budget) {
        Cut all = sizes.all();
        return largest(part -> constant + gpuBytes(gpu, offload.onGpu(all, part, SHARES), offload) <= budget);
    }

    /** The largest share that is allowed; -1 if none is. */
    private static int largest(IntPredicate allowed) {
        int low = -1;
        int high = SHARES;
        while (low < high) {
            int middle = (low + high + 1) >> 1;
            if (allowed.test(middle)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    @Override
    public double bytes(BlockId id, Shard shard) {
        return shard.size() * unit(id.component());
    }

    /** On average over the layers, so that all are. */
    @Override
    public boolean alike(int one, int other) {
        return true;
    }

    private double unit(Component component) {
        return switch (component) {
            case HEADS -> sizes.headBytes();
            case UP -> sizes.upBytes();
            case DOWN -> sizes.downBytes();
            case EXPERTS -> throw new IllegalStateException("experts are placed whole, by ExpertPlans");
            case VOCABULARY ->
                (double) whole.blockBytes(new BlockId(model.spec().layers(), Component.VOCABULARY, 0))
                        / model.spec().vocabulary();
        };
    }
}
