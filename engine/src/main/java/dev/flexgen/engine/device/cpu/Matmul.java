package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.PanelKernel.PANEL;
import static dev.flexgen.engine.device.cpu.PanelKernel.TILE;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Products of a matrix with many tokens, bound by arithmetic. The tokens are packed once into panels that lie along the
 * lanes; then each task widens a block of weights that fits the second-level cache and multiplies it with every panel.
 */
final class Matmul {

    /** Outputs of a task: whole tiles, enough of them that reading a panel is cheap beside computing with it. */
    private static final int OUTPUTS = 16 * TILE;

    /** Steps of the inner dimension between two visits of the sums: a panel of them is 32 KiB with AVX-512. */
    private static final int STEPS = 256;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales[] scales;
    private float[] packed = new float[0];

    Matmul(WorkerPool pool, Scratch[] scratch) {
        this.pool = pool;
        this.scratch = scratch;
        this.scales = new GroupScales[pool.threads()];
        Arrays.setAll(scales, _ -> new GroupScales());
    }

    /** {@code out[t][r] = in[t] . weight[r] + bias[r]}. */
    void up(Matrix weight, @Nullable MemorySegment bias, Rows in, Rows out) {
        pack(in);
        pool.run(Math.ceilDiv(weight.rows(), OUTPUTS), (part, worker) -> {
            int from = part * OUTPUTS;
            int count = Math.min(OUTPUTS, weight.rows() - from);
            float[] sums = upSums(weight, from, count, in.count(), worker);
            float[] row = scratch[worker].third(count);
            for (int t = 0; t < in.count(); t++) {
                if (bias == null) {
                    Arrays.fill(row, 0, count, 0);
                } else {
                    Convert.floats(bias, from, row, count);
                }
                addColumn(sums, stride(in.count()), t, row, count);
                store(row, out, t, from, count);
            }
        });
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}. */
    void down(Matrix weight, Rows in, Rows out) {
        pack(in);
        pool.run(Math.ceilDiv(weight.columns(), OUTPUTS), (part, worker) -> {
            int from = part * OUTPUTS;
            int count = Math.min(OUTPUTS, weight.columns() - from);
            float[] sums = downSums(weight, from, count, in.count(), worker);
            float[] row = scratch[worker].third(count);
            for (int t = 0; t < in.count(); t++) {
                Convert.floats(out.data(), (long) t * out.width() + from, row, count);
                addColumn(sums, stride(in.count()), t, row, count);
                store(row, out, t, from, count);
            }
        });
    }

    private float[] upSums(Matrix weight, int from, int count, int tokens, int worker) {
        Scratch memory = scratch[worker];
        float[] sums = zeroed(memory, tokens);
        float[] block = memory.first(OUTPUTS * STEPS);
        for (int step = 0; step < weight.columns(); step += STEPS) {
            int steps = Math.min(STEPS, weight.columns() - step);
            for (int r = 0; r < count; r++) {
                StoredRows.read(weight, from + r, step, block, r * STEPS, steps, scales[worker]);
            }
            multiply(block, STEPS, 1, weight.columns(), step, steps, count, tokens, sums);
        }
        return sums;
    }

    private float[] downSums(Matrix weight, int from, int count, int tokens, int worker) {
        Scratch memory = scratch[worker];
        float[] sums = zeroed(memory, tokens);
        float[] block = memory.first(OUTPUTS * STEPS);
        for (int step = 0; step < weight.rows(); step += STEPS) {
            int steps = Math.min(STEPS, weight.rows() - step);
            for (int n = 0; n < steps; n++) {
                StoredRows.read(weight, step + n, from, block, n * OUTPUTS, count, scales[worker]);
            }
            multiply(block, 1, OUTPUTS, weight.rows(), step, steps, count, tokens, sums);
        }
        return sums;
    }

    private void multiply(
            float[] block,
            int outputStride,
            int stepStride,
            int inner,
            int step,
            int steps,
            int outputs,
            int tokens,
            float[] sums) {
        for (int panel = 0; panel < PanelKernel.panels(tokens); panel++) {
            int packedAt = (panel * inner + step) * PANEL;
            for (int output = 0; output < outputs; output += TILE) {
                PanelKernel.accumulate(
                        block,
                        output * outputStride,
                        outputStride,
                        stepStride,
                        packed,
                        packedAt,
                        steps,
                        sums,
                        output * stride(tokens) + panel * PANEL,
                        stride(tokens));
            }
        }
    }

    /** Tokens to panels. // [panels, in.width, PANEL] */
    private void pack(Rows in) {
        int inner = in.width();
        int panels = PanelKernel.panels(in.count());
        int length = Math.multiplyExact(Math.multiplyExact(panels, inner), PANEL);
        if (packed.length < length) {
            packed = new float[length];
        }
        int pieces = Math.ceilDiv(inner, STEPS);
        pool.run(panels * pieces, (part, worker) -> {
            int panel = part / pieces;
            int step = part % pieces * STEPS;
            int steps = Math.min(STEPS, inner - step);
            float[] row = scratch[worker].first(STEPS);
            for (int lane = 0; lane < PANEL; lane++) {
                int token = panel * PANEL + lane;
                if (token < in.count()) {
                    Convert.floats(in.data(), (long) token * inner + step, row, steps);
                } else {
                    Arrays.fill(row, 0, steps, 0);
                }
                int at = (panel * inner + step) * PANEL + lane;
                for (int k = 0; k < steps; k++) {
                    packed[at + k * PANEL] = row[k];
                }
            }
        });
    }

    private static int stride(int tokens) {
        return PanelKernel.panels(tokens) * PANEL;
    }

    private static float[] zeroed(Scratch memory, int tokens) {
        float[] sums = memory.second(OUTPUTS * stride(tokens));
        Arrays.fill(sums, 0, OUTPUTS * stride(tokens), 0);
        return sums;
    }

    private static void addColumn(float[] sums, int stride, int token, float[] row, int count) {
        for (int i = 0; i < count; i++) {
            row[i] += sums[i * stride + token];
        }
    }

    private static void store(float[] row, Rows out, int token, int from, int count) {
        long offset = 4 * ((long) token * out.width() + from);
        MemorySegment.copy(row, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, offset, count);
    }
}
