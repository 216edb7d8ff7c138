package dev.flexgen.engine.device.cpu;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.measure.HostMemoryBenchmark;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * How fast the processor computes the experts that a step needs of a layer, together and one after the other, by turns: bytes of weights a
 * second beside the rate at which memory is read. Arguments: threads, experts of a layer, how many of them a row chooses, neurons,
 * columns, rows, and perhaps names of encodings.
 */
public final class ExpertsBenchmark {

    /** Short rounds, and many: where other programs run, some are undisturbed. */
    private static final int ROUNDS = 100;

    private static final int STEPS = 4;

    private ExpertsBenchmark() {}

    public static void main(String[] arguments) {
        int threads = Integer.parseInt(arguments[0]);
        int experts = Integer.parseInt(arguments[1]);
        int chosen = Integer.parseInt(arguments[2]);
        int neurons = Integer.parseInt(arguments[3]);
        int columns = Integer.parseInt(arguments[4]);
        int rows = Integer.parseInt(arguments[5]);
        for (Encoding encoding : Encoding.ALL) {
            if (arguments.length > 6 && !Arrays.asList(arguments[6].split(",")).contains(encoding.name())) {
                continue;
            }
            try (WorkerPool pool = new WorkerPool(threads);
                    Arena arena = Arena.ofShared()) {
                Ops ops = new VectorOps(pool);
                List<List<RoutedExpert>> steps = steps(arena, pool, encoding, experts, chosen, neurons, columns, rows);
                Rows in = BenchmarkOperands.rows(arena, rows, columns, 1);
                Rows out = BenchmarkOperands.rows(arena, rows, columns, 1);
                OneByOne alone = new OneByOne(arena, ops, rows, neurons, columns);
                double together = 0;
                double oneByOne = 0;
                double read = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    if (round % 20 == 0) {
                        read = Math.max(
                                read, HostMemoryBenchmark.measure(threads).hostReadBytesPerSecond());
                    }
                    oneByOne = Math.max(oneByOne, rate(steps, step -> alone.compute(step, in, out)));
                    together = Math.max(together, rate(steps, step -> {
                        if (!ops.experts(Activation.SILU, step, in, out)) {
                            alone.compute(step, in, out);
                        }
                    }));
                }
                System.out.printf(
                        Locale.ROOT,
                        "%s %d of %d [%d, %d] x %d, %d threads: together %.1f GB/s, one by one %.1f GB/s, memory read %.1f GB/s%n",
                        encoding.name(),
                        chosen,
                        experts,
                        neurons,
                        columns,
                        rows,
                        threads,
                        together / 1e9,
                        oneByOne / 1e9,
                        read / 1e9);
            }
        }
    }

    private static double rate(List<List<RoutedExpert>> steps, Consumer<List<RoutedExpert>> body) {
        long start = System.nanoTime();
        long bytes = 0;
        for (List<RoutedExpert> step : steps) {
            body.accept(step);
            for (RoutedExpert expert : step) {
                bytes += 3 * expert.down().bytes();
            }
        }
        return bytes / ((System.nanoTime() - start) / 1e9);
    }

    private static List<List<RoutedExpert>> steps(
            Arena arena,
            WorkerPool pool,
            Encoding encoding,
            int experts,
            int chosen,
            int neurons,
            int columns,
            int rows) {
        List<Matrix> matrices = new ArrayList<>();
        for (int i = 0; i < 3 * experts; i++) {
            matrices.add(BenchmarkOperands.random(arena, encoding, neurons, columns, pool));
        }
        SplittableRandom random = new SplittableRandom(3);
        List<List<RoutedExpert>> steps = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            List<List<Integer>> shares = new ArrayList<>();
            for (int i = 0; i < experts; i++) {
                shares.add(new ArrayList<>());
            }
            for (int row = 0; row < rows; row++) {
                int[] own = random.ints(0, experts).distinct().limit(chosen).toArray();
                for (int expert : own) {
                    shares.get(expert).add(row);
                }
            }
            List<RoutedExpert> routed = new ArrayList<>();
            for (int i = 0; i < experts; i++) {
                int[] share = shares.get(i).stream().mapToInt(it -> it).toArray();
                if (share.length > 0) {
                    float[] weights = new float[share.length];
                    Arrays.fill(weights, 1f / chosen);
                    List<Linear> projections =
                            List.of(new Linear(matrices.get(3 * i), null), new Linear(matrices.get(3 * i + 1), null));
                    routed.add(new RoutedExpert(projections, matrices.get(3 * i + 2), share, weights));
                }
            }
            steps.add(routed);
        }
        return steps;
    }

    /** What is done by other operations for a device that does not compute experts together. */
    private record OneByOne(Ops ops, Rows gathered, Rows gates, Rows neurons, Rows results) {

        OneByOne(Arena arena, Ops ops, int rows, int neurons, int columns) {
            this(
                    ops,
                    BenchmarkOperands.rows(arena, rows, columns, 1),
                    BenchmarkOperands.rows(arena, rows, neurons, 1),
                    BenchmarkOperands.rows(arena, rows, neurons, 1),
                    BenchmarkOperands.rows(arena, rows, columns, 1));
        }

        void compute(List<RoutedExpert> experts, Rows in, Rows out) {
            for (RoutedExpert expert : experts) {
                int rows = expert.rows().length;
                Rows own = in;
                if (rows < in.count()) {
                    own = gathered.slice(0, rows);
                    ops.gather(in, expert.rows(), own);
                }
                Rows gate = gates.slice(0, rows);
                Rows a = neurons.slice(0, rows);
                ops.upEach(expert.projections(), own, List.of(gate, a));
                ops.gate(Activation.SILU, gate, a);
                Rows result = results.slice(0, rows);
                MemorySegment sum = result.data();
                sum.fill((byte) 0);
                ops.down(expert.down(), a, result);
                ops.scatterAdd(result, expert.rows(), expert.weights(), out);
            }
        }
    }
}
