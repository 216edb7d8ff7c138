package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Rows;
import java.util.Arrays;

/**
 * Rows that are multiplied with matrices in groups, in the order in which a {@link GroupKernel} reads them. Each is followed by the sums
 * of its groups. The pool's owner arranges them, then all its threads read them.
 */
final class GroupedInputs {

    private static final int GROUP = 64;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final Arrangements arrangements;
    private float[] numbers = new float[0];
    private int width;
    private int stride;

    GroupedInputs(WorkerPool pool, Scratch[] scratch, Arrangements arrangements) {
        this.pool = pool;
        this.scratch = scratch;
        this.arrangements = arrangements;
    }

    /** Takes these rows in place of those before. */
    void arrange(GroupKernel kernel, Rows in) {
        int columns = in.width();
        int groups = Math.ceilDiv(columns, GROUP);
        Arrangement order = arrangements.of(kernel, columns);
        width = order.width();
        stride = width + GroupScales.padded(groups);
        numbers = grown(numbers, Math.multiplyExact(in.count(), stride));
        pool.run(in.count(), (t, worker) -> {
            float[] plain = scratch[worker].first(columns);
            Convert.floats(in.data(), (long) t * columns, plain, columns);
            int at = t * stride;
            order.apply(plain, 0, numbers, at);
            Arrays.fill(numbers, at + width, at + stride, 0);
            for (int g = 0; g < groups; g++) {
                numbers[at + width + g] = sum(plain, g * GROUP, Math.min(columns - g * GROUP, GROUP));
            }
        });
    }

    /** All rows, each from its place on, with the sums of its groups {@link #width} numbers behind that. */
    float[] numbers() {
        return numbers;
    }

    int width() {
        return width;
    }

    /** Places of some rows. If they are several, the last one's again as often as fills up whole tiles of a kernel. */
    int[] places(int[] rows) {
        int[] places = new int[padded(rows.length)];
        for (int i = 0; i < places.length; i++) {
            places[i] = rows[Math.min(i, rows.length - 1)] * stride;
        }
        return places;
    }

    private static int padded(int rows) {
        return rows == 1 ? 1 : Math.ceilDiv(rows, GroupKernel.TOKENS) * GroupKernel.TOKENS;
    }

    /** Four sums hide the latency of addition. */
    private static float sum(float[] numbers, int from, int count) {
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = from;
        for (; i <= from + count - 4; i += 4) {
            a += numbers[i];
            b += numbers[i + 1];
            c += numbers[i + 2];
            d += numbers[i + 3];
        }
        for (; i < from + count; i++) {
            a += numbers[i];
        }
        return (a + b) + (c + d);
    }

    private static float[] grown(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }
}
