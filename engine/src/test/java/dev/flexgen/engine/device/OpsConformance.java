package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.device.cpu.ScalarOps;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every operation, for every element type and for shapes around every border of a fast kernel, against {@link ScalarOps}. A
 * device's test extends this; an element type or operation it lacks fails.
 */
public abstract class OpsConformance {

    /** Token counts: one, a few, around the switch to panels, a panel and its neighbours, several panels. */
    private static final int[] TOKENS = {1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 70};

    /** The same borders, fewer of them, where the reference takes long. */
    private static final int[] SOME_TOKENS = {1, 3, 16, 33};

    private static final int[][] MATRICES = {
        {1, 1}, {1, 17}, {5, 3}, {6, 16}, {7, 33}, {60, 148}, {97, 64}, {100, 257}, {128, 600}, {33, 2050}, {2051, 40}
    };

    private final Ops reference = new ScalarOps();

    /** The operations under test, on host memory. */
    protected abstract Ops ops();

    @TestFactory
    Stream<DynamicTest> up() {
        return overMatrices((operands, matrix, tokens) -> {
            Rows in = operands.rows(tokens, matrix.columns());
            for (Linear linear :
                    List.of(new Linear(matrix, null), new Linear(matrix, operands.vector(matrix.rows())))) {
                same(
                        operands.rows(tokens, matrix.rows()),
                        operands,
                        matrix.columns(),
                        (ops, out) -> ops.up(linear, in, out));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> down() {
        return overMatrices((operands, matrix, tokens) -> {
            for (double zeros : new double[] {0, 0.94, 1}) {
                Rows in = operands.rows(tokens, matrix.rows(), zeros);
                Rows out = operands.rows(tokens, matrix.columns());
                same(out, operands, matrix.rows(), (ops, rows) -> ops.down(matrix, in, rows));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> embed() {
        return overMatrices((operands, matrix, tokens) -> {
            int[] indices = operands.indices(tokens, matrix.rows());
            Rows out = operands.rows(tokens, matrix.columns());
            same(out, operands, 1, (ops, rows) -> ops.embed(matrix, indices, rows));
            same(out, operands, 1, (ops, rows) -> ops.embedAdd(matrix, indices, rows));
        });
    }

    @TestFactory
    Stream<DynamicTest> rowWise() {
        return overRows((operands, in) -> {
            Norm plain = new Norm(1e-5f, null, null);
            Norm affine = new Norm(1e-5f, operands.vector(in.width()), operands.vector(in.width()));
            MemorySegment bias = operands.vector(in.width());
            Rows out = operands.rows(in.count(), in.width());
            same(out, operands, 16, (ops, rows) -> ops.norm(plain, in, rows));
            same(out, operands, 16, (ops, rows) -> ops.norm(affine, in, rows));
            same(in, operands, 16, (ops, rows) -> ops.norm(affine, rows, rows));
            same(out, operands, 1, (ops, rows) -> ops.add(in, rows));
            same(out, operands, 1, (ops, rows) -> ops.addBias(bias, rows));
            same(out, operands, 1, (ops, rows) -> ops.copy(in, rows));
            for (Activation activation : Activation.values()) {
                same(in, operands, 1, (ops, rows) -> ops.activate(activation, rows));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        List<DynamicTest> tests = new ArrayList<>();
        int[][] shapes = {{1, 1, 8}, {3, 1, 12}, {4, 2, 16}, {6, 1, 64}, {2, 2, 80}, {5, 5, 33}};
        for (DType dtype : DType.values()) {
            for (int[] shape : shapes) {
                for (int tokens : SOME_TOKENS) {
                    for (int past : new int[] {0, 5, 64, 130}) {
                        String name = dtype + " heads " + shape[0] + " x" + shape[1] + " dim " + shape[2] + ", "
                                + tokens + " after " + past;
                        tests.add(DynamicTest.dynamicTest(name, () -> attend(dtype, shape, tokens, past)));
                    }
                }
            }
        }
        return tests.stream();
    }

    private void attend(DType dtype, int[] shape, int tokens, int past) {
        try (Arena arena = Arena.ofShared()) {
            RandomOperands operands = new RandomOperands(arena, 5);
            int keyHeads = shape[0];
            int dim = shape[2];
            int queries = keyHeads * shape[1] * dim;
            int blockTokens = past < 64 ? 7 : 64; // many blocks, or one that the new tokens leave
            KvView cache = operands.cache(dtype, keyHeads, dim, blockTokens, past + tokens);
            KvView expected = operands.cache(dtype, keyHeads, dim, blockTokens, past + tokens);
            Rows keys = operands.rows(past + tokens, keyHeads * dim);
            Rows values = operands.rows(past + tokens, keyHeads * dim);
            fill(ops(), cache, keys, values, past);
            fill(reference, expected, keys, values, past);
            for (int i = 0; i < cache.keys().size(); i++) {
                assertThat(cache.keys().get(i).mismatch(expected.keys().get(i))).isEqualTo(-1);
                assertThat(cache.values().get(i).mismatch(expected.values().get(i)))
                        .isEqualTo(-1);
            }
            Rows query = operands.rows(tokens, queries);
            Rows out = operands.rows(tokens, queries);
            same(out, operands, 64, (ops, rows) -> ops.attend(query, cache, past, 0.3f, rows));
        }
    }

    /** Two appends: what was there, and what a step adds. */
    private static void fill(Ops ops, KvView cache, Rows keys, Rows values, int past) {
        if (past > 0) {
            ops.append(keys.slice(0, past), values.slice(0, past), cache, 0);
        }
        int tokens = keys.count() - past;
        ops.append(keys.slice(past, tokens), values.slice(past, tokens), cache, past);
    }

    private interface MatrixCase {
        void run(RandomOperands operands, Matrix matrix, int tokens);
    }

    private interface RowsCase {
        void run(RandomOperands operands, Rows rows);
    }

    private static Stream<DynamicTest> overMatrices(MatrixCase test) {
        List<DynamicTest> tests = new ArrayList<>();
        for (DType dtype : DType.values()) {
            for (int[] shape : MATRICES) {
                for (int tokens : shape[0] * shape[1] > 50_000 ? SOME_TOKENS : TOKENS) {
                    String name = dtype + " [" + shape[0] + ", " + shape[1] + "] x " + tokens;
                    tests.add(DynamicTest.dynamicTest(name, () -> {
                        try (Arena arena = Arena.ofShared()) {
                            RandomOperands operands = new RandomOperands(arena, 3);
                            test.run(operands, operands.matrix(dtype, shape[0], shape[1]), tokens);
                        }
                    }));
                }
            }
        }
        return tests.stream();
    }

    private static Stream<DynamicTest> overRows(RowsCase test) {
        List<DynamicTest> tests = new ArrayList<>();
        for (int tokens : TOKENS) {
            for (int width : new int[] {1, 15, 16, 17, 60, 64, 5000}) {
                tests.add(DynamicTest.dynamicTest(tokens + " rows of " + width, () -> {
                    try (Arena arena = Arena.ofShared()) {
                        RandomOperands operands = new RandomOperands(arena, 4);
                        test.run(operands, operands.rows(tokens, width));
                    }
                }));
            }
        }
        return tests.stream();
    }

    /** Both implementations, each on its own copy of {@code start}; the rounding of {@code terms} additions is forgiven. */
    private void same(Rows start, RandomOperands operands, int terms, BiConsumer<Ops, Rows> operation) {
        Rows actual = operands.copy(start);
        Rows expected = operands.copy(start);
        operation.accept(ops(), actual);
        operation.accept(reference, expected);
        for (long i = 0; i < (long) start.count() * start.width(); i++) {
            float wanted = expected.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            float got = actual.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            double tolerance = 2e-6 * (Math.abs(wanted) + Math.sqrt(terms) + 1) + 1e-7 * terms;
            if (!(Math.abs(got - wanted) <= tolerance)) { // an assertion object for every number would take minutes
                assertThat(got).as("number " + i).isCloseTo(wanted, within((float) tolerance));
            }
        }
    }
}
