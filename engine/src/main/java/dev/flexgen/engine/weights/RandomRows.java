package dev.flexgen.engine.weights;

import dev.flexgen.engine.checkpoint.RandomCheckpoint;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * Random weights in groups, made as they are held, as fast as memory takes them: integers of every size alike, with scales that
 * give them the deviation of {@link RandomCheckpoint}'s numbers. What is not in groups comes from another source.
 *
 * @param plain the other source, closed with this one
 * @param drawn random bytes, repeated
 * @param pool does the copying
 */
public record RandomRows(RowSource plain, byte[] drawn, WorkerPool pool) implements RowSource {

    /** A prime, so that rows differ. */
    private static final int DRAWN_BYTES = (4 << 20) - 3;

    private static final long PIECE_BYTES = 4 << 20;

    /** Draws. */
    public static RandomRows of(RowSource plain, long seed, WorkerPool pool) {
        byte[] drawn = new byte[DRAWN_BYTES];
        new SplittableRandom(seed).nextBytes(drawn);
        return new RandomRows(plain, drawn, pool);
    }

    @Override
    public void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target) {
        if (!(encoding instanceof Grouped grouped)) {
            plain.rows(role, layer, from, encoding, columns, target);
            return;
        }
        long rowBytes = encoding.rowBytes(columns);
        int rows = Math.toIntExact(target.byteSize() / rowBytes);
        int step = Math.toIntExact(Math.max(1, PIECE_BYTES / rowBytes));
        // By name: an enum's own hash differs from run to run.
        int start = Math.floorMod(31 * role.toString().hashCode() + layer, DRAWN_BYTES);
        MemorySegment scales = scales(grouped, columns);
        pool.run(Math.ceilDiv(rows, step), (part, _) -> {
            for (int row = part * step; row < Math.min(rows, part * step + step); row++) {
                MemorySegment out = target.asSlice(row * rowBytes, rowBytes);
                long integers = grouped.scalesAt(columns);
                draw((int) ((start + (from + row) * integers) % DRAWN_BYTES), out.asSlice(0, integers));
                MemorySegment.copy(scales, 0, out, integers, scales.byteSize());
            }
        });
    }

    private void draw(int at, MemorySegment target) {
        long done = 0;
        int next = at;
        while (done < target.byteSize()) {
            int count = (int) Math.min(target.byteSize() - done, DRAWN_BYTES - next);
            MemorySegment.copy(drawn, next, target, ValueLayout.JAVA_BYTE, done, count);
            done += count;
            next = (next + count) % DRAWN_BYTES;
        }
    }

    /** Of a whole row, with the zeros behind them. */
    private static MemorySegment scales(Grouped encoding, int columns) {
        int levels = 1 << encoding.bits();
        // The deviation of whole numbers that are all as likely.
        double scale = RandomCheckpoint.DEVIATION / Math.sqrt((levels * (double) levels - 1) / 12);
        long bytes = encoding.rowBytes(columns) - encoding.scalesAt(columns);
        MemorySegment scales = MemorySegment.ofArray(new byte[(int) bytes]);
        for (int g = 0; g < encoding.groups(columns); g++) {
            long at = (long) g * encoding.scaleBytes();
            scales.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16((float) scale));
            if (encoding.offset() != null) {
                float offset = (float) (-scale * (levels - 1) / 2);
                scales.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2, Float.floatToFloat16(offset));
            }
        }
        return scales;
    }

    @Override
    public void vector(Role role, int layer, int from, MemorySegment target) {
        plain.vector(role, layer, from, target);
    }

    @Override
    public void close() {
        plain.close();
    }
}
