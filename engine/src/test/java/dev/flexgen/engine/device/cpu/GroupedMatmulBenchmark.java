package dev.flexgen.engine.device.cpu;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.measure.HostMemoryBenchmark;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.util.Locale;

/**
 * How fast the processor multiplies matrices of each encoding with one token and a few: bytes of weights a second beside the rate at
 * which memory is read. Arguments: threads, rows, columns, tokens, share of inputs that are not zero, and perhaps
 * names of encodings.
 */
public final class GroupedMatmulBenchmark {

    /** Far more than any cache holds. */
    private static final long LEAST_BYTES = 1L << 30;

    private GroupedMatmulBenchmark() {}

    public static void main(String[] arguments) {
        int threads = Integer.parseInt(arguments[0]);
        int rows = Integer.parseInt(arguments[1]);
        int columns = Integer.parseInt(arguments[2]);
        int tokens = Integer.parseInt(arguments[3]);
        double active = Double.parseDouble(arguments[4]);
        try (WorkerPool pool = new WorkerPool(threads);
                Arena arena = Arena.ofShared()) {
            Ops ops = new VectorOps(pool);
            for (Encoding encoding : Encoding.ALL) {
                if (arguments.length > 5 && !arguments[5].contains(encoding.name())) {
                    continue;
                }
                int count = (int) Math.ceilDiv(LEAST_BYTES, encoding.bytes(rows, columns));
                Matrix[] matrices = new Matrix[count];
                for (int i = 0; i < count; i++) {
                    matrices[i] = BenchmarkOperands.random(arena, encoding, rows, columns, pool);
                }
                Rows wide = BenchmarkOperands.rows(arena, tokens, columns, 1);
                Rows tall = BenchmarkOperands.rows(arena, tokens, rows, active);
                Rows sum = BenchmarkOperands.rows(arena, tokens, columns, 1);
                Rows result = BenchmarkOperands.rows(arena, tokens, rows, 1);
                double up = 0;
                double down = 0;
                double read = 0;
                for (int round = 0; round < 6; round++) {
                    read = Math.max(read, HostMemoryBenchmark.measure(threads).hostReadBytesPerSecond());
                    up = Math.max(up, rate(matrices, matrix -> ops.up(new Linear(matrix, null), wide, result)));
                    down = Math.max(down, rate(matrices, matrix -> ops.down(matrix, tall, sum)));
                }
                System.out.printf(
                        Locale.ROOT,
                        "%s [%d, %d] x %d, %d threads: up %.1f GB/s, down %.1f GB/s, memory read %.1f GB/s%n",
                        encoding.name(),
                        rows,
                        columns,
                        tokens,
                        threads,
                        up / 1e9,
                        down / 1e9,
                        read / 1e9);
            }
        }
    }

    private static double rate(Matrix[] matrices, java.util.function.Consumer<Matrix> product) {
        long start = System.nanoTime();
        long bytes = 0;
        for (Matrix matrix : matrices) {
            product.accept(matrix);
            bytes += matrix.bytes();
        }
        return bytes / ((System.nanoTime() - start) / 1e9);
    }
}
