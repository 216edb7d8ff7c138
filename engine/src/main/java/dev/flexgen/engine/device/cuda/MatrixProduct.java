package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;

/**
 * Products of many tokens with a weight matrix on the compute stream: cuBLAS, where it is installed. Sums are in F32, and F32
 * operands are not rounded to TF32. One thread at a time; any sizes.
 */
interface MatrixProduct {

    /**
     * {@code out[t][first + r] = in[t] . weight[r]}, overwriting.
     *
     * @param in {@code out.count()} rows of {@code weight.columns()} numbers of the weight's element type
     */
    void up(MemorySegment in, Matrix weight, Rows out, int first);

    /**
     * {@code out[t] += sum over n of in[t][n] * weight[n]}.
     *
     * @param in numbers of the weight's element type, the first {@code weight.rows()} of each row
     * @param width numbers from one row of {@code in} to the next
     */
    void down(MemorySegment in, int width, Matrix weight, Rows out);
}
