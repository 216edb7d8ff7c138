package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a thread does at a time of an up projection in groups: products of a few rows of the matrix with some rows of inputs. */
final class GroupedDots {

    /** Rows of a matrix that a thread takes at a time. */
    static final int ROWS = 16;

    private final Scratch[] scratch;
    private final GroupScales[] scales;

    /** @param scratch of the threads, of which the second and the third array are used */
    GroupedDots(Scratch[] scratch) {
        this.scratch = scratch;
        this.scales = new GroupScales[scratch.length];
        Arrays.setAll(scales, _ -> new GroupScales());
    }

    /**
     * {@code results[at + i * rows + r] = inputs[i] . weight[from + r] + bias[from + r]}.
     *
     * @param rows at most {@link #ROWS}
     * @param places of the inputs
     * @param tokens how many inputs, without those that fill up a tile
     */
    void multiply(
            Linear linear,
            int from,
            int rows,
            GroupedInputs inputs,
            int[] places,
            int tokens,
            int worker,
            float[] results,
            int at) {
        Matrix weight = linear.weight();
        Grouped encoding = (Grouped) weight.encoding();
        GroupKernel kernel = GroupKernel.of(encoding);
        int groups = encoding.groups(weight.columns());
        GroupScales own = scales[worker];
        own.begin(rows, groups);
        float[] lanes = scratch[worker].third(LaneTotals.length((ROWS + 1) * places.length)); // [rows, places, WIDTH]
        int most = GroupKernel.burstRows(weight.rowBytes(), ROWS);
        for (int r = 0; r < rows; r += most) {
            int burst = Math.min(most, rows - r);
            scratch[worker].fetch(weight.data(), (from + r) * weight.rowBytes(), burst * weight.rowBytes());
            readScales(encoding, weight, from, r, burst, own);
            if (tokens == 1) {
                dots(kernel, weight, from, r, burst, groups, inputs.numbers(), places[0], lanes, own);
            } else {
                dots(kernel, weight, from, r, burst, groups, inputs.numbers(), places, lanes, own);
            }
        }
        float[] biases = biases(linear.bias(), from, rows, worker);
        total(own, rows, groups, inputs, places, lanes);
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < tokens; i++) {
                results[at + i * rows + r] = lanes[LaneTotals.at(r * places.length + i)] + biases[r];
            }
        }
    }

    private float[] biases(@Nullable MemorySegment bias, int from, int rows, int worker) {
        float[] biases = scratch[worker].second(ROWS);
        if (bias != null) {
            Convert.floats(bias, from, biases, rows);
        } else {
            Arrays.fill(biases, 0, rows, 0);
        }
        return biases;
    }

    /** Of rows that were just fetched: they stand at the rows' ends. */
    private static void readScales(Grouped encoding, Matrix weight, int from, int first, int rows, GroupScales scales) {
        int groups = encoding.groups(weight.columns());
        for (int r = first; r < first + rows; r++) {
            long at = (from + r) * weight.rowBytes() + encoding.scalesAt(weight.columns());
            scales.read(r, encoding, weight.data(), at, groups, 1);
        }
    }

    /** Running sums of one row of inputs, which needs two rows of the matrix at a time. */
    private static void dots(
            GroupKernel kernel,
            Matrix weight,
            int from,
            int first,
            int rows,
            int groups,
            float[] inputs,
            int place,
            float[] lanes,
            GroupScales own) {
        for (int r = first; r < first + rows; r += GroupKernel.ROWS) {
            long row = (from + r) * weight.rowBytes();
            int second = Math.min(r + 1, first + rows - 1); // a row without a partner is multiplied twice
            long secondRow = (from + second) * weight.rowBytes();
            int at = r * Lanes.WIDTH;
            kernel.dotRows(
                    weight.data(),
                    row,
                    secondRow,
                    groups,
                    own.factors(),
                    own.at(r),
                    own.at(second),
                    inputs,
                    place,
                    lanes,
                    at);
        }
    }

    private static void dots(
            GroupKernel kernel,
            Matrix weight,
            int from,
            int first,
            int rows,
            int groups,
            float[] inputs,
            int[] places,
            float[] lanes,
            GroupScales own) {
        for (int r = first; r < first + rows; r++) {
            long row = (from + r) * weight.rowBytes();
            for (int i = 0; i < places.length; i += GroupKernel.TOKENS) {
                int at = (r * places.length + i) * Lanes.WIDTH;
                kernel.dots(weight.data(), row, groups, own.factors(), own.at(r), inputs, places, i, lanes, at);
            }
        }
    }

    /** Adds what the groups' bases contribute, and then the lanes of each sum. */
    private static void total(
            GroupScales own, int rows, int groups, GroupedInputs inputs, int[] places, float[] lanes) {
        int width = inputs.width();
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < places.length; i++) {
                int at = (r * places.length + i) * Lanes.WIDTH;
                own.addBases(r, groups, inputs.numbers(), places[i] + width, lanes, at);
            }
        }
        LaneTotals.fold(lanes, rows * places.length);
    }
}
