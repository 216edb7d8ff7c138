package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation, for every encoding that the device supports and for shapes around every border of a fast kernel, against the
 * reference. A device's test extends this. A device must support every element type; what else it supports is up to it, but what
 * it does not support it must refuse.
 */
public abstract class DeviceConformance extends ConformanceSuite {

    /** Matrices from here on are tried with fewer token counts. */
    private static final int LARGE = 50_000;

    /** What a device must be able to do with every element type. */
    private static final Operation[] ON_ELEMENTS = {
        Operation.EMBED, Operation.UP, Operation.DOWN, Operation.APPEND, Operation.ATTEND
    };

    /** Activations that every device computes; for the others see {@link FamilyConformance}. */
    private static final List<Activation> EVERYWHERE = List.of(Activation.RELU, Activation.GELU);

    protected Grid grid() {
        return Grid.full();
    }

    /**
     * What a product of {@code tokens} rows with weights, keys or values of one encoding may be off because operands were
     * rounded to 16 bits, relative to the size of its numbers.
     */
    protected double rounding(Encoding encoding, int tokens) {
        return 0;
    }

    @TestFactory
    Stream<DynamicTest> up() {
        return overMatrices(Operation.UP, (operands, matrix, tokens) -> {
            Rows in = operands.rows(tokens, matrix.columns());
            Rows out = operands.rows(tokens, matrix.rows());
            for (Linear linear : linears(operands, matrix)) {
                memory.same(
                        List.of(out), product(matrix, in), (ops, at) -> ops.up(at.of(linear), at.of(in), at.of(out)));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> upTogetherAndWithActivation() {
        return overSmallMatrices(Operation.UP, (operands, matrix, tokens) -> {
            Rows in = operands.rows(tokens, matrix.columns());
            Matrix narrow = operands.matrix(matrix.encoding(), matrix.rows() / 2 + 1, matrix.columns());
            List<Linear> linears = new ArrayList<>(linears(operands, matrix));
            linears.addAll(1, linears(operands, narrow));
            List<Rows> outs = linears.stream()
                    .map(linear -> operands.rows(tokens, linear.weight().rows()))
                    .toList();
            memory.same(
                    outs,
                    product(matrix, in),
                    (ops, at) -> ops.upEach(
                            linears.stream().map(linear -> at.of(linear)).toList(),
                            at.of(in),
                            outs.stream().map(out -> at.of(out)).toList()));
            Rows out = outs.getLast();
            for (Linear linear : List.of(linears.getFirst(), linears.getLast())) {
                for (Activation activation : EVERYWHERE) {
                    memory.same(
                            List.of(out),
                            product(matrix, in),
                            (ops, at) -> ops.up(at.of(linear), activation, at.of(in), at.of(out)));
                }
            }
        });
    }

    private static List<Linear> linears(RandomOperands operands, Matrix matrix) {
        return List.of(new Linear(matrix, null), new Linear(matrix, operands.vector(matrix.rows())));
    }

    @TestFactory
    Stream<DynamicTest> down() {
        return overMatrices(Operation.DOWN, (operands, matrix, tokens) -> {
            for (double zeros : new double[] {0, 0.94, 1}) {
                Rows in = operands.rows(tokens, matrix.rows(), zeros);
                Rows out = operands.rows(tokens, matrix.columns());
                Tolerance tolerance =
                        new Tolerance(matrix.rows(), product(matrix, in).rowSlack());
                memory.same(List.of(out), tolerance, (ops, at) -> ops.down(at.of(matrix), at.of(in), at.of(out)));
            }
        });
    }

    /** Weights have unit variance, so a product's numbers are about as large as its row of inputs is long. */
    private Tolerance product(Matrix matrix, Rows in) {
        double rounding = rounding(matrix.encoding(), in.count());
        double[] slack = new double[in.count()];
        for (int row = 0; row < slack.length && rounding > 0; row++) {
            float[] numbers = in.slice(row, 1).data().toArray(ValueLayout.JAVA_FLOAT);
            double squares = IntStream.range(0, numbers.length)
                    .mapToDouble(i -> numbers[i])
                    .map(x -> x * x)
                    .sum();
            slack[row] = rounding * Math.sqrt(squares);
        }
        return new Tolerance(matrix.columns(), slack);
    }

    @TestFactory
    Stream<DynamicTest> embed() {
        return overMatrices(Operation.EMBED, (operands, matrix, tokens) -> {
            int[] indices = operands.indices(tokens, matrix.rows());
            Rows out = operands.rows(tokens, matrix.columns());
            memory.same(List.of(out), new Tolerance(1), (ops, at) -> ops.embed(at.of(matrix), indices, at.of(out)));
            memory.same(List.of(out), new Tolerance(1), (ops, at) -> ops.embedAdd(at.of(matrix), indices, at.of(out)));
        });
    }

    @TestFactory
    Stream<DynamicTest> rowWise() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int tokens : grid().tokens()) {
            for (int width : grid().widths()) {
                tests.add(test(tokens + " rows of " + width, operands -> rowWise(operands, tokens, width)));
            }
        }
        return tests.stream();
    }

    private void rowWise(RandomOperands operands, int tokens, int width) {
        Rows in = operands.rows(tokens, width);
        List<Rows> inPlace = List.of(in);
        Norm plain = new Norm(1e-5f, null, null);
        Norm affine = new Norm(1e-5f, operands.vector(width), operands.vector(width));
        MemorySegment bias = operands.vector(width);
        Rows out = operands.rows(tokens, width);
        List<Rows> other = List.of(out);
        memory.same(other, new Tolerance(16), (ops, at) -> ops.norm(at.of(plain), at.of(in), at.of(out)));
        memory.same(other, new Tolerance(16), (ops, at) -> ops.norm(at.of(affine), at.of(in), at.of(out)));
        memory.same(inPlace, new Tolerance(16), (ops, at) -> ops.norm(at.of(affine), at.of(in), at.of(in)));
        memory.same(other, new Tolerance(1), (ops, at) -> ops.add(at.of(in), at.of(out)));
        memory.same(other, new Tolerance(1), (ops, at) -> ops.addBias(at.of(bias), at.of(out)));
        memory.same(
                inPlace,
                new Tolerance(16),
                (ops, at) -> ops.addBiasNorm(at.of(bias), at.of(plain), at.of(in), at.of(in)));
        memory.same(
                List.of(in, out),
                new Tolerance(16),
                (ops, at) -> ops.addBiasNorm(at.of(bias), at.of(affine), at.of(in), at.of(out)));
        memory.same(other, new Tolerance(1), (ops, at) -> ops.copy(at.of(in), at.of(out)));
        for (Activation activation : EVERYWHERE) {
            memory.same(inPlace, new Tolerance(1), (ops, at) -> ops.activate(activation, at.of(in)));
        }
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : supported(Operation.APPEND, Operation.ATTEND)) {
            for (int[] shape : grid().heads()) {
                for (int tokens : grid().someTokens()) {
                    for (int past : grid().pasts()) {
                        String name = encoding.name() + " heads " + shape[0] + " x" + shape[1] + " dim " + shape[2]
                                + ", " + tokens + " after " + past;
                        // many blocks, or one that the new tokens leave
                        int blockTokens = past < 64 ? 7 : 64;
                        tests.add(test(name, it -> attend(it, encoding, shape, blockTokens, new int[] {past, tokens})));
                    }
                }
            }
        }
        return tests.stream();
    }

    /** Sequences that decode, are prefilled, verify a draft, all in one step. */
    @TestFactory
    Stream<DynamicTest> attentionOfSeveralSequences() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : supported(Operation.APPEND, Operation.ATTEND)) {
            for (int[] shape : grid().heads()) {
                for (int[][] sequences : grid().batches()) {
                    String name = encoding.name() + " heads " + shape[0] + " x" + shape[1] + " dim " + shape[2] + ", "
                            + Arrays.deepToString(sequences);
                    tests.add(test(name, operands -> attend(operands, encoding, shape, 64, sequences)));
                }
            }
        }
        return tests.stream();
    }

    /** @param shares tokens before and new tokens of each sequence */
    private void attend(RandomOperands operands, Encoding encoding, int[] shape, int blockTokens, int[]... shares) {
        int keyHeads = shape[0];
        int dim = shape[2];
        List<KvSequence> before = new ArrayList<>();
        List<KvSequence> sequences = new ArrayList<>();
        List<Double> slack = new ArrayList<>();
        for (int[] share : shares) {
            KvView cache = operands.cache(encoding, keyHeads, dim, blockTokens, share[0] + share[1]);
            if (share[0] > 0) {
                before.add(new KvSequence(cache, 0, share[0]));
            }
            sequences.add(new KvSequence(cache, share[0], share[1]));
            // Values have unit variance.
            slack.addAll(Collections.nCopies(share[1], rounding(encoding, share[1])));
        }
        for (List<KvSequence> writing : List.of(before, sequences)) {
            Rows keys = operands.rows(KvSequence.rows(writing), keyHeads * dim);
            Rows values = operands.rows(keys.count(), keys.width());
            memory.identical((ops, at) -> ops.append(at.of(keys), at.of(values), at.of(writing)));
        }
        Rows query = operands.rows(slack.size(), keyHeads * shape[1] * dim);
        Rows out = operands.rows(query.count(), query.width());
        Rows keys = operands.rows(query.count(), keyHeads * dim);
        Rows values = operands.rows(query.count(), keyHeads * dim);
        memory.same(
                List.of(out),
                new Tolerance(64, slack.stream().mapToDouble(x -> x).toArray()),
                (ops, at) -> ops.appendAndAttend(
                        at.of(keys), at.of(values), at.of(query), at.of(sequences), 0.3f, at.of(out)));
        memory.same(
                List.of(out),
                new Tolerance(64, slack.stream().mapToDouble(x -> x).toArray()),
                (ops, at) -> ops.attend(at.of(query), at.of(sequences), 0.3f, at.of(out)));
    }

    @Test
    void everyElementTypeIsSupported() {
        for (Operation operation : ON_ELEMENTS) {
            assertThat(supported(operation)).contains(Encoding.F32, Encoding.F16, Encoding.BF16);
        }
    }

    @TestFactory
    Stream<DynamicTest> whatIsNotSupportedIsRefusedByName() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Operation operation : ON_ELEMENTS) {
            for (Encoding encoding : Encoding.ALL) {
                if (!device.supports(operation, encoding)) {
                    tests.add(
                            test(operation + " " + encoding.name(), operands -> refuse(operands, operation, encoding)));
                }
            }
        }
        return tests.stream();
    }

    private void refuse(RandomOperands operands, Operation operation, Encoding encoding) {
        Matrix matrix = memory.onDevice(operands.matrix(encoding, 8, 8));
        List<KvSequence> sequences =
                List.of(new KvSequence(memory.onDevice(operands.cache(encoding, 1, 8, 4, 4)), 0, 1));
        Rows in = memory.onDevice(operands.rows(1, 8));
        Rows out = memory.onDevice(operands.rows(1, 8));
        Ops ops = device.ops();
        assertThatThrownBy(() -> {
                    switch (operation) {
                        case EMBED -> ops.embed(matrix, new int[] {1}, out);
                        case UP -> ops.up(new Linear(matrix, null), in, out);
                        case DOWN -> ops.down(matrix, in, out);
                        case APPEND -> ops.append(in, in, sequences);
                        case ATTEND -> ops.attend(in, sequences, 1, out);
                        case SEAL -> throw new IllegalArgumentException("see KvConformance");
                    }
                })
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(encoding.name());
    }

    private List<Encoding> supported(Operation... operations) {
        return Encoding.ALL.stream()
                .filter(encoding -> Arrays.stream(operations).allMatch(it -> device.supports(it, encoding)))
                .toList();
    }

    /** How many rows a step may have for a row's result to be the same, to the bit, whatever the others are. */
    protected int alikeRows() {
        return 16;
    }

    @TestFactory
    Stream<DynamicTest> aRowsBitsDoNotDependOnTheOtherRows() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : supported(Operation.UP, Operation.DOWN)) {
            for (int[] shape : grid().alike()) {
                String name = encoding.name() + " [" + shape[0] + ", " + shape[1] + "]";
                tests.add(test(
                        name + " projections",
                        operands -> new AlikeRows(memory, alikeRows())
                                .projections(operands, operands.matrix(encoding, shape[0], shape[1]))));
            }
        }
        for (Encoding encoding : supported(Operation.APPEND, Operation.ATTEND)) {
            for (int[] shape : grid().heads()) {
                String name = encoding.name() + " heads " + shape[0] + " x" + shape[1] + " dim " + shape[2];
                tests.add(test(
                        name + " sequences",
                        operands -> new AlikeRows(memory, alikeRows()).sequences(operands, encoding, shape)));
            }
        }
        return tests.stream();
    }

    private interface MatrixCase {
        void run(RandomOperands operands, Matrix matrix, int tokens);
    }

    private Stream<DynamicTest> overMatrices(Operation operation, MatrixCase body) {
        return over(operation, numbers -> numbers > LARGE ? grid().someTokens() : grid().tokens(), body);
    }

    private Stream<DynamicTest> overSmallMatrices(Operation operation, MatrixCase body) {
        return over(operation, numbers -> numbers > LARGE ? new int[0] : grid().someTokens(), body);
    }

    private Stream<DynamicTest> over(Operation operation, IntFunction<int[]> tokensByNumbers, MatrixCase body) {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : supported(operation)) {
            for (int[] shape : grid().matrices()) {
                for (int tokens : tokensByNumbers.apply(shape[0] * shape[1])) {
                    String name = encoding.name() + " [" + shape[0] + ", " + shape[1] + "] x " + tokens;
                    tests.add(test(
                            name,
                            operands -> body.run(operands, operands.matrix(encoding, shape[0], shape[1]), tokens)));
                }
            }
        }
        return tests.stream();
    }

    /** On the host, matrices may be used as a mapped file has them, at odd addresses. */
    @Override
    int matrixOffset() {
        return device.tier() == Tier.HOST ? 1 : 0;
    }
}
