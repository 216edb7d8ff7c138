package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/** Large random operands for programs that measure. */
final class BenchmarkOperands {

    private BenchmarkOperands() {}

    static Matrix random(Arena arena, Encoding encoding, int rows, int columns, WorkerPool pool) {
        MemorySegment data = arena.allocate(encoding.bytes(rows, columns), 4096);
        long piece = 1 << 20;
        pool.run((int) Math.ceilDiv(data.byteSize(), piece), (part, _) -> {
            byte[] bytes = new byte[(int) Math.min(piece, data.byteSize() - part * piece)];
            new SplittableRandom(part).nextBytes(bytes);
            // Scales and weights of about 1: some processors take a hundred times as long for tiny numbers.
            for (int i = 1; i < bytes.length; i += 2) {
                bytes[i] = (byte) ((bytes[i] & 0x83) | 0x38);
            }
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, part * piece, bytes.length);
        });
        return new Matrix(encoding, rows, columns, data);
    }

    static Rows rows(Arena arena, int tokens, int width, double active) {
        Rows rows = new Rows(arena.allocate(4L * tokens * width, 64), tokens, width);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < tokens * width; i++) {
            float value = random.nextDouble() < active ? (float) random.nextGaussian() : 0;
            rows.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return rows;
    }
}
