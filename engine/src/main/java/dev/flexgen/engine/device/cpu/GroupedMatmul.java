package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Products of a matrix in groups with 1 to {@link SkinnyMatmul#MOST} tokens, on the weights as they are stored. As in {@link
 * SkinnyMatmul}, a token's result is the same bit for bit for any number of threads and whatever other tokens there are.
 */
final class GroupedMatmul {

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupedInputs inputs;
    private final GroupedDots dots;
    private final GroupedDown down;

    GroupedMatmul(WorkerPool pool, Scratch[] scratch, GroupedInputs inputs, GroupedDots dots, GroupedDown down) {
        this.pool = pool;
        this.scratch = scratch;
        this.inputs = inputs;
        this.dots = dots;
        this.down = down;
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Grouped encoding, Linear linear, Rows in, Rows out) {
        int tokens = in.count();
        int outputs = linear.weight().rows();
        inputs.arrange(GroupKernel.of(encoding), in);
        int[] places = inputs.places(IntStream.range(0, tokens).toArray());
        pool.run(Math.ceilDiv(outputs, GroupedDots.ROWS), (part, worker) -> {
            int from = part * GroupedDots.ROWS;
            int rows = Math.min(GroupedDots.ROWS, outputs - from);
            float[] results = scratch[worker].first(GroupedDots.ROWS * tokens); // [tokens, rows]
            dots.multiply(linear, from, rows, inputs, places, tokens, worker, results, 0);
            for (int t = 0; t < tokens; t++) {
                long index = (long) t * out.width() + from;
                MemorySegment.copy(results, t * rows, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, rows);
            }
        });
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}, without the rows whose inputs are all zero, if they are many. */
    void down(Grouped encoding, Matrix weight, Rows in, Rows out) {
        float[] numbers = down.inputs(Math.multiplyExact(in.count(), in.width()));
        Convert.floats(in.data(), 0, numbers, in.count() * in.width());
        int[] rows = IntStream.range(0, in.count()).toArray();
        down.add(encoding, List.of(new GroupedDown.Share(weight, 0, rows)), out);
    }
}
