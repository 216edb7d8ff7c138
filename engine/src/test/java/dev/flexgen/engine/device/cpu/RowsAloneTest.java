package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.RandomOperands;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In steps of up to 16 rows a row's result is the same bit for bit whatever else is in the step, for any number of threads. */
class RowsAloneTest {

    private static final Encoding[] ENCODINGS = Encoding.ALL.toArray(new Encoding[0]);
    private static final Encoding[] PLAIN = {Encoding.F32, Encoding.F16, Encoding.BF16};
    private static final int MOST = 16;
    /** Inside a tile, on its borders, over several. */
    private static final int[][] SHAPES = {{1, 1}, {5, 3}, {37, 64}, {130, 157}, {70, 1024}, {600, 1100}, {9, 4500}};

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16})
    void productsOfARow(int count) {
        for (Encoding encoding : ENCODINGS) {
            for (int[] shape : SHAPES) {
                check(count, shape[1], shape[0], 0, (operands, ops) -> {
                    Matrix matrix = operands.matrix(encoding, shape[0], shape[1]);
                    Linear linear = new Linear(matrix, operands.vector(shape[0]));
                    return (in, out) -> ops.up(linear, in, out);
                });
                for (double zeros : new double[] {0, 0.5, 0.94}) {
                    check(count, shape[0], shape[1], zeros, (operands, ops) -> {
                        Matrix matrix = operands.matrix(encoding, shape[0], shape[1]);
                        return (in, out) -> ops.down(matrix, in, out);
                    });
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16})
    void whatIsDoneRowByRow(int count) {
        check(count, 157, 157, 0, (operands, ops) -> {
            Norm norm = new Norm(1e-5f, operands.vector(157), operands.vector(157));
            return (in, out) -> ops.norm(norm, in, out);
        });
        check(count, 157, 157, 0, (operands, ops) -> (in, out) -> {
            ops.copy(in, out);
            ops.activate(Activation.GELU, out);
        });
    }

    private interface Case {
        BiConsumer<Rows, Rows> of(RandomOperands operands, Ops ops);
    }

    private static void check(int count, int inputs, int outputs, double zeros, Case body) {
        try (Arena arena = Arena.ofShared();
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            RandomOperands operands = new RandomOperands(arena, 5);
            BiConsumer<Rows, Rows> alone = body.of(operands, new VectorOps(one));
            BiConsumer<Rows, Rows> together = body.of(new RandomOperands(arena, 5), new VectorOps(three));
            Rows in = operands.rows(count, inputs, zeros);
            Rows before = operands.rows(count, outputs);
            Rows out = copy(arena, before);
            together.accept(in, out);
            for (int row = 0; row < count; row++) {
                Rows single = copy(arena, before.slice(row, 1));
                alone.accept(in.slice(row, 1), single);
                same(single, out.slice(row, 1), "row " + row + " of " + count + ", " + inputs + " to " + outputs);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 16})
    void attentionOfARow(int count) {
        for (Encoding encoding : PLAIN) {
            for (int[] shape : new int[][] {{3, 1, 12}, {2, 4, 64}, {1, 1, 80}}) {
                attend(encoding, count, shape[0], shape[1], shape[2]);
            }
        }
    }

    /** Each row a sequence of its own; then the same rows as the newest of one sequence, together and one after the other. */
    private static void attend(Encoding encoding, int count, int heads, int group, int dim) {
        try (Arena arena = Arena.ofShared();
                WorkerPool one = new WorkerPool(1);
                WorkerPool three = new WorkerPool(3)) {
            Ops alone = new VectorOps(one);
            Ops together = new VectorOps(three);
            RandomOperands operands = new RandomOperands(arena, 7);
            Rows query = operands.rows(count, heads * group * dim);
            Rows out = operands.rows(count, query.width());
            List<KvSequence> sequences = new ArrayList<>();
            for (int row = 0; row < count; row++) {
                int past = row * 211;
                KvView cache = operands.cache(encoding, heads, dim, 64, past + MOST);
                sequences.add(new KvSequence(cache, past, 1));
            }
            together.attend(query, sequences, 0.2f, out);
            for (int row = 0; row < count; row++) {
                Rows single = operands.rows(1, query.width());
                alone.attend(query.slice(row, 1), List.of(sequences.get(row)), 0.2f, single);
                same(single, out.slice(row, 1), "sequence " + row + " of " + count);
            }
            KvView last = sequences.getLast().cache();
            int past = sequences.getLast().position();
            together.attend(query, List.of(new KvSequence(last, past, count)), 0.2f, out);
            for (int row = 0; row < count; row++) {
                Rows single = operands.rows(1, query.width());
                alone.attend(query.slice(row, 1), List.of(new KvSequence(last, past + row, 1)), 0.2f, single);
                same(single, out.slice(row, 1), "row " + row + " of a sequence's " + count);
            }
        }
    }

    private static Rows copy(Arena arena, Rows rows) {
        Rows copy = new Rows(arena.allocate(rows.bytes(), 64), rows.count(), rows.width());
        copy.data().copyFrom(rows.data());
        return copy;
    }

    private static void same(Rows alone, Rows together, String what) {
        assertThat(alone.data().mismatch(together.data())).as(what).isEqualTo(-1);
    }
}
