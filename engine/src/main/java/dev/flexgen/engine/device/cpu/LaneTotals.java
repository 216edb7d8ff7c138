package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;
import static dev.flexgen.engine.device.cpu.Lanes.WIDTH;
import static dev.flexgen.engine.device.cpu.Lanes.load;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Sums of the lanes of many vectors. As many vectors as there are lanes are folded into one together: a step adds the upper halves of
 * two vectors to their lower halves at once, which takes a quarter of the work that one vector after the other takes. The order of
 * additions is that of {@link Lanes#total}, whatever other vectors there are.
 */
final class LaneTotals {

    private static final int LANE_BITS = Integer.numberOfTrailingZeros(WIDTH);
    private static final VectorMask<Float> UPPER_8 = upper(8);
    private static final VectorMask<Float> UPPER_4 = upper(4);
    private static final VectorMask<Float> UPPER_2 = upper(2);
    private static final VectorMask<Float> UPPER_1 = upper(1);
    private static final VectorShuffle<Float> SWAP_8 = swap(8);
    private static final VectorShuffle<Float> SWAP_4 = swap(4);
    private static final VectorShuffle<Float> SWAP_2 = swap(2);
    private static final VectorShuffle<Float> SWAP_1 = swap(1);

    private LaneTotals() {}

    /** As many numbers as {@link #fold} needs for {@code vectors} vectors. */
    static int length(int vectors) {
        return Math.ceilDiv(vectors, WIDTH) * WIDTH * WIDTH;
    }

    /**
     * Folds the vectors at the beginning of {@code lanes}, which are overwritten. {@link #at} says where the totals are.
     *
     * @param lanes as long as {@link #length} says; numbers behind the last vector are added up like all others and mean nothing
     */
    static void fold(float[] lanes, int vectors) {
        for (int block = 0; block < vectors; block += WIDTH) {
            int at = block * WIDTH;
            if (WIDTH >= 16) {
                fold(lanes, at, WIDTH / 2, UPPER_8, SWAP_8);
            }
            if (WIDTH >= 8) {
                fold(lanes, at, Math.min(WIDTH / 2, 4), UPPER_4, SWAP_4);
            }
            if (WIDTH >= 4) {
                fold(lanes, at, Math.min(WIDTH / 2, 2), UPPER_2, SWAP_2);
            }
            fold(lanes, at, 1, UPPER_1, SWAP_1);
        }
    }

    /** Where the total of a vector is after {@link #fold}: neighbours end up half a vector apart. */
    static int at(int vector) {
        int within = vector % WIDTH;
        return (vector - within) * WIDTH + (Integer.reverse(within) >>> (32 - LANE_BITS));
    }

    private static void fold(float[] lanes, int at, int pairs, VectorMask<Float> upper, VectorShuffle<Float> swap) {
        for (int i = 0; i < pairs; i++) {
            FloatVector a = load(lanes, at + 2 * i * WIDTH);
            FloatVector b = load(lanes, at + (2 * i + 1) * WIDTH);
            a.blend(b, upper).add(b.blend(a, upper).rearrange(swap)).intoArray(lanes, at + i * WIDTH);
        }
    }

    private static VectorMask<Float> upper(int half) {
        boolean[] lanes = new boolean[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            lanes[i] = (i & half) != 0;
        }
        return VectorMask.fromArray(FLOATS, lanes, 0);
    }

    private static VectorShuffle<Float> swap(int half) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane ^ half) % WIDTH);
    }
}
