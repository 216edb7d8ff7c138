package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Ops#experts} against the reference, which takes one expert after the other. A device's test extends this. */
public abstract class ExpertConformance extends ConformanceSuite {

    /** Some, of which each row chooses some. */
    private record Choice(int experts, int chosen) {}

    private static final Choice FEW = new Choice(7, 3);
    private static final int[][] SHAPES = {{33, 40}, {40, 72}, {96, 128}, {130, 264}, {300, 1112}, {768, 64}};

    /** Encodings whose experts the device computes together. */
    protected abstract List<Encoding> encodings();

    /** Rows of a step for which it does. */
    protected abstract int[] tokens();

    /** Whether it does so for hundreds of rows, as long as each expert has few. */
    protected boolean manyRows() {
        return false;
    }

    @TestFactory
    Stream<DynamicTest> together() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : encodings()) {
            for (int[] shape : SHAPES) {
                for (int tokens : tokens()) {
                    String name = encoding.name() + ", " + Arrays.toString(shape) + ", " + tokens + " rows";
                    tests.add(test(name, it -> compute(it, encoding, encoding, shape, FEW, tokens)));
                }
            }
        }
        if (encodings().contains(Encoding.Q4)) {
            tests.add(test("q4 and q8", it -> compute(it, Encoding.Q4, Encoding.Q8, new int[] {96, 128}, FEW, 5)));
        }
        int[] shape = {33, 72};
        Encoding any = encodings().getFirst();
        tests.add(test("16 rows of 8 of 65", it -> compute(it, any, any, shape, new Choice(65, 8), 16)));
        if (manyRows()) {
            tests.add(test("200 rows of 8 of 65", it -> compute(it, any, any, shape, new Choice(65, 8), 200)));
            tests.add(test("600 rows of 3 of 65", it -> compute(it, any, any, shape, new Choice(65, 3), 600)));
        }
        return tests.stream();
    }

    private void compute(RandomOperands operands, Encoding up, Encoding down, int[] shape, Choice choice, int tokens) {
        List<RoutedExpert> experts = routed(operands, up, down, shape, choice, tokens);
        Rows in = scaled(operands.rows(tokens, shape[1]), 1 / Math.sqrt(shape[1]));
        Rows out = operands.rows(tokens, shape[1]);
        double[] slack = new double[tokens];
        Arrays.fill(slack, 1e-4 * Math.sqrt(shape[0]));
        // One of two for each case, because the reference takes long.
        Activation activation = tokens % 2 == 0 ? Activation.RELU : Activation.SILU;
        memory.same(List.of(out), new Tolerance(shape[0], slack), (ops, at) -> {
            if (ops instanceof ScalarOps) {
                oneAfterTheOther(ops, activation, experts, in, out);
            } else {
                assertThat(ops.experts(activation, on(at, experts), at.of(in), at.of(out)))
                        .isTrue();
            }
        });
    }

    /** Whether it computes experts together of which some have fewer neurons. */
    protected boolean cutExperts() {
        return true;
    }

    @TestFactory
    Stream<DynamicTest> withSomeNeurons() {
        return encodings().stream()
                .filter(_ -> cutExperts())
                .map(encoding -> test(encoding.name(), operands -> {
                    int[] shape = {768, 128};
                    // One row chose the small one, one the tall one, one both: neither may decide how the other is
                    // added up.
                    List<RoutedExpert> experts = List.of(
                            expert(operands, encoding, encoding, new int[] {96, 128}, new int[] {0, 2}, new float[] {
                                1, 0.4f
                            }),
                            expert(operands, encoding, encoding, shape, new int[] {1, 2}, new float[] {1, 0.6f}));
                    Rows in = scaled(operands.rows(3, shape[1]), 1 / Math.sqrt(shape[1]));
                    Rows out = operands.rows(3, shape[1]);
                    double[] slack = new double[3];
                    Arrays.fill(slack, 1e-4 * Math.sqrt(shape[0]));
                    memory.same(List.of(out), new Tolerance(shape[0], slack), (ops, at) -> {
                        if (ops instanceof ScalarOps) {
                            oneAfterTheOther(ops, Activation.SILU, experts, in, out);
                        } else {
                            assertThat(ops.experts(Activation.SILU, on(at, experts), at.of(in), at.of(out)))
                                    .isTrue();
                        }
                    });
                    byte[] all = bits(experts, in, out);
                    for (int row = 0; row < 3; row++) {
                        byte[] own = bits(slice(experts, row, 1), in.slice(row, 1), out.slice(row, 1));
                        int rowBytes = 4 * shape[1];
                        assertThat(own)
                                .as("row %d", row)
                                .isEqualTo(Arrays.copyOfRange(all, row * rowBytes, (row + 1) * rowBytes));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> rowsAloneAndTogetherAreAlike() {
        return encodings().stream()
                .map(encoding -> test(encoding.name(), operands -> {
                    int most = 16;
                    int[] shape = {300, 1112};
                    List<RoutedExpert> experts = routed(operands, encoding, encoding, shape, FEW, most);
                    Rows in = scaled(operands.rows(most, shape[1]), 1 / Math.sqrt(shape[1]));
                    Rows out = operands.rows(most, shape[1]);
                    byte[] all = bits(experts, in, out);
                    for (int count : new int[] {1, 2, 5}) {
                        for (int from = 0; from + count <= most; from += count) {
                            Rows own = out.slice(from, count);
                            Rows input = in.slice(from, count);
                            List<RoutedExpert> some = slice(experts, from, count);
                            byte[] bits = bits(some, input, own);
                            int rowBytes = 4 * shape[1];
                            assertThat(bits)
                                    .as("rows %d to %d", from, from + count - 1)
                                    .isEqualTo(Arrays.copyOfRange(all, from * rowBytes, (from + count) * rowBytes));
                        }
                    }
                }));
    }

    private byte[] bits(List<RoutedExpert> experts, Rows in, Rows out) {
        return memory.bits(
                out,
                (ops, at) -> assertThat(ops.experts(Activation.SILU, on(at, experts), at.of(in), at.of(out)))
                        .isTrue());
    }

    /** What {@link Ops#experts} does, by other operations of the reference. */
    private static void oneAfterTheOther(
            Ops ops, Activation activation, List<RoutedExpert> experts, Rows in, Rows out) {
        try (Arena arena = Arena.ofConfined()) {
            for (RoutedExpert expert : experts) {
                int rows = expert.rows().length;
                int neurons = expert.down().rows();
                Rows own = new Rows(arena.allocate(4L * rows * in.width(), 4), rows, in.width());
                Rows gate = new Rows(arena.allocate(4L * rows * neurons, 4), rows, neurons);
                Rows a = new Rows(arena.allocate(4L * rows * neurons, 4), rows, neurons);
                Rows result = new Rows(arena.allocate(4L * rows * in.width(), 4), rows, in.width());
                ops.gather(in, expert.rows(), own);
                ops.upEach(expert.projections(), own, List.of(gate, a));
                ops.gate(activation, gate, a);
                ops.down(expert.down(), a, result);
                ops.scatterAdd(result, expert.rows(), expert.weights(), out);
            }
        }
    }

    /** Each row chooses some, as unevenly as it happens; the last expert is nobody's. */
    private static List<RoutedExpert> routed(
            RandomOperands operands, Encoding up, Encoding down, int[] shape, Choice choice, int tokens) {
        Random random = new Random(tokens);
        List<List<Integer>> rows = new ArrayList<>();
        for (int e = 0; e < choice.experts(); e++) {
            rows.add(new ArrayList<>());
        }
        for (int t = 0; t < tokens; t++) {
            random.ints(0, choice.experts() - 1)
                    .distinct()
                    .limit(choice.chosen())
                    .forEach(new Chooser(rows, t)::choose);
        }
        List<RoutedExpert> experts = new ArrayList<>();
        for (List<Integer> own : rows) {
            if (!own.isEmpty()) {
                float[] weights = new float[own.size()];
                for (int i = 0; i < weights.length; i++) {
                    weights[i] = 0.1f + random.nextFloat();
                }
                int[] ids = own.stream().mapToInt(row -> row).toArray();
                experts.add(expert(operands, up, down, shape, ids, weights));
            }
        }
        return experts;
    }

    private static RoutedExpert expert(
            RandomOperands operands, Encoding up, Encoding down, int[] shape, int[] rows, float[] weights) {
        Linear gate = new Linear(operands.matrix(up, shape[0], shape[1]), null);
        Linear second = new Linear(operands.matrix(up, shape[0], shape[1]), null);
        return new RoutedExpert(List.of(gate, second), operands.matrix(down, shape[0], shape[1]), rows, weights);
    }

    private record Chooser(List<List<Integer>> rows, int row) {
        void choose(int expert) {
            rows.get(expert).add(row);
        }
    }

    /** What is left of them for some rows. */
    private static List<RoutedExpert> slice(List<RoutedExpert> experts, int from, int count) {
        List<RoutedExpert> slice = new ArrayList<>();
        for (RoutedExpert expert : experts) {
            int[] rows = new int[expert.rows().length];
            float[] weights = new float[rows.length];
            int kept = 0;
            for (int i = 0; i < rows.length; i++) {
                if (expert.rows()[i] >= from && expert.rows()[i] < from + count) {
                    rows[kept] = expert.rows()[i] - from;
                    weights[kept++] = expert.weights()[i];
                }
            }
            if (kept > 0) {
                slice.add(new RoutedExpert(
                        expert.projections(), expert.down(), Arrays.copyOf(rows, kept), Arrays.copyOf(weights, kept)));
            }
        }
        return slice;
    }

    private static List<RoutedExpert> on(Side at, List<RoutedExpert> experts) {
        return experts.stream()
                .map(it -> new RoutedExpert(
                        it.projections().stream().map(linear -> at.of(linear)).toList(),
                        at.of(it.down()),
                        it.rows(),
                        it.weights()))
                .toList();
    }

    private static Rows scaled(Rows rows, double factor) {
        MemorySegment data = rows.data();
        for (long i = 0; i < (long) rows.count() * rows.width(); i++) {
            float value = data.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (value * factor));
        }
        return rows;
    }
}
