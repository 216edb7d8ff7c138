package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.GroupCodec;
import dev.flexgen.engine.quant.GroupQuantizer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Times projections by encoding on this machine's GPU, as a share of the rate at which it copies. Each call takes another matrix of
 * a pool of 2 GiB, so that none is in a cache. Prints a line for each encoding, shape, number of tokens and layout.
 */
final class MatvecTimings {

    private static final long POOL_BYTES = 2L << 30;
    private static final int[][] SHAPES = {{28672, 7168}, {12288, 49152}, {49152, 12288}, {16384, 4096}, {4096, 4096}};
    private static final int ROUNDS = 5;

    private final Device device;
    private final Stream stream;
    private final Buffer pool;
    private final Buffer activations;
    private final double copyRate;

    private MatvecTimings(Device device) {
        this.device = device;
        stream = device.stream(StreamRole.COMPUTE);
        pool = device.allocate("weights", POOL_BYTES);
        activations = device.allocate("rows", 512L << 20);
        MemorySegment half = pool.segment().asSlice(0, POOL_BYTES / 2);
        MemorySegment other = pool.segment().asSlice(POOL_BYTES / 2);
        double seconds = seconds(8, i -> stream.copy(half, other));
        copyRate = POOL_BYTES / seconds;
        System.out.printf(Locale.ROOT, "%s: copies %.0f GB/s, read and written%n", device.name(), copyRate / 1e9);
    }

    public static void main(String[] arguments) {
        List<Encoding> encodings = arguments.length == 0
                ? List.of(Encoding.F16, Encoding.Q8, Encoding.Q4, Encoding.Q3)
                : Encoding.ALL.stream()
                        .filter(encoding -> Arrays.asList(arguments).contains(encoding.name()))
                        .toList();
        try (Device device = TestGpus.open(new Ledger())) {
            MatvecTimings timings = new MatvecTimings(device);
            encodings.forEach(timings::encoding);
            timings.pool.close();
            timings.activations.close();
        }
    }

    private void encoding(Encoding encoding) {
        for (int[] shape : SHAPES) {
            fill(encoding, shape[1]);
            boolean main = Arrays.equals(shape, SHAPES[0]) || shape[1] == 4096;
            for (int tokens : main ? new int[] {1, 2, 4, 8, 16, 512} : new int[] {1}) {
                project(encoding, shape[0], shape[1], tokens);
            }
        }
    }

    private void project(Encoding encoding, int rows, int columns, int tokens) {
        long bytes = encoding.bytes(rows, columns);
        int matrices = (int) (POOL_BYTES / bytes);
        Rows narrow = Rows.in(activations.segment(), tokens, rows);
        Rows wide = Rows.in(activations.segment().asSlice(256L << 20), tokens, columns);
        int calls = tokens > 16 ? 20 : Math.max(matrices, 1000);
        double up = seconds(
                calls,
                i -> device.ops().up(new Linear(matrix(encoding, rows, columns, i % matrices), null), wide, narrow));
        double down =
                seconds(calls, i -> device.ops().down(matrix(encoding, rows, columns, i % matrices), narrow, wide));
        if (tokens > 16) {
            double operations = 2.0 * tokens * rows * columns;
            System.out.printf(
                    Locale.ROOT,
                    "%-4s [%d, %d] x %d: up %.0f us, %.0f TFLOP/s; down %.0f us, %.0f TFLOP/s%n",
                    encoding.name(),
                    rows,
                    columns,
                    tokens,
                    up * 1e6,
                    operations / up / 1e12,
                    down * 1e6,
                    operations / down / 1e12);
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "%-4s [%d, %d] x %d: up %.1f us, %.0f GB/s, %.1f %% of copying; down %.1f us, %.0f GB/s, %.1f %%%n",
                    encoding.name(),
                    rows,
                    columns,
                    tokens,
                    up * 1e6,
                    bytes / up / 1e9,
                    100 * bytes / up / copyRate,
                    down * 1e6,
                    bytes / down / 1e9,
                    100 * bytes / down / copyRate);
        }
    }

    private Matrix matrix(Encoding encoding, int rows, int columns, int number) {
        long bytes = encoding.bytes(rows, columns);
        return new Matrix(encoding, rows, columns, pool.segment().asSlice(number * bytes, bytes));
    }

    /** Random numbers in the pool and in the activations: zeros are no fair test. */
    private void fill(Encoding encoding, int columns) {
        Random random = new Random(5);
        int rows = 512;
        long rowBytes = encoding.rowBytes(columns);
        try (Buffer host = device.allocateHost("host", Math.max(rows * rowBytes, 64L << 20))) {
            float[] numbers = new float[columns];
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < columns; i++) {
                    numbers[i] = (float) random.nextGaussian() * 0.02f;
                }
                MemorySegment bytes = host.segment().asSlice(row * rowBytes, rowBytes);
                switch (encoding) {
                    case Encoding.Plain plain -> {
                        for (int i = 0; i < columns; i++) {
                            bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(numbers[i]));
                        }
                    }
                    case Encoding.Grouped grouped ->
                        new GroupCodec(grouped, GroupQuantizer.MIN_MAX).encode(numbers, 0, columns, bytes);
                }
            }
            spread(host.segment().asSlice(0, rows * rowBytes), pool.segment());
            MemorySegment some = host.segment().asSlice(0, 64L << 20);
            for (long i = 0; i < some.byteSize() / 4; i++) {
                some.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
            }
            spread(some, activations.segment());
        }
    }

    private void spread(MemorySegment from, MemorySegment to) {
        for (long at = 0; at < to.byteSize(); at += from.byteSize()) {
            long bytes = Math.min(from.byteSize(), to.byteSize() - at);
            stream.upload(from.asSlice(0, bytes), to.asSlice(at, bytes));
        }
        stream.join();
    }

    private interface Call {
        void make(int number);
    }

    /** The median time of a call, of several rounds after one that does not count. */
    private double seconds(int calls, Call call) {
        double[] rounds = new double[ROUNDS];
        for (int round = -1; round < ROUNDS; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                call.make(i);
            }
            stream.join();
            if (round >= 0) {
                rounds[round] = (System.nanoTime() - start) / 1e9 / calls;
            }
        }
        Arrays.sort(rounds);
        return rounds[ROUNDS / 2];
    }
}
