package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Turns a published weight into the down layout, one row per input.
 *
 * @param source // [outputs, inputs]
 */
public record Transpose(WorkerPool pool, MemorySegment source, int outputs, int inputs) {

    /** Square tiles of this side stay in the first-level cache while they are turned. */
    private static final int TILE = 32;

    /** {@code target[i][o] = source[o][from + i]} for {@code count} inputs. */
    public void columns(DType dtype, int from, int count, MemorySegment target) {
        pool.run(Math.ceilDiv(count, TILE), (part, worker) -> {
            int first = part * TILE;
            int last = Math.min(count, first + TILE);
            for (int tile = 0; tile < outputs; tile += TILE) {
                int end = Math.min(outputs, tile + TILE);
                switch (dtype) {
                    case F16, BF16 -> turnShorts(from, first, last, tile, end, target);
                    case F32 -> turnInts(from, first, last, tile, end, target);
                }
            }
        });
    }

    private void turnShorts(int from, int first, int last, int tile, int end, MemorySegment target) {
        for (int i = first; i < last; i++) {
            for (int o = tile; o < end; o++) {
                short value = source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * ((long) o * inputs + from + i));
                target.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * ((long) i * outputs + o), value);
            }
        }
    }

    private void turnInts(int from, int first, int last, int tile, int end, MemorySegment target) {
        for (int i = first; i < last; i++) {
            for (int o = tile; o < end; o++) {
                int value = source.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * ((long) o * inputs + from + i));
                target.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * ((long) i * outputs + o), value);
            }
        }
    }
}
