package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Activations beyond F16's range, against the reference, with ordinary rows among them. A device that first computes them wrong has
 * to say so, {@link Device#mustRepeat()}, and to be right the second time. A device's test extends this.
 */
public abstract class RangeConformance extends ConformanceSuite {

    private static final int[] TOKENS = {1, 16, 17, 130};
    private static final int[][] SHAPES = {{64, 512}, {33, 40}};

    /** Sizes of the largest numbers; row after row, 1 for ordinary ones. */
    private static final float[] SIZES = {1e5f, 1, -1e6f, 1, 1, 65_600, 3e7f};

    /** As {@link DeviceConformance#rounding}. */
    protected double rounding(Encoding encoding, int tokens) {
        return 0;
    }

    @TestFactory
    Stream<DynamicTest> projections() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : Encoding.ALL) {
            if (device.supports(Operation.UP, encoding) && device.supports(Operation.DOWN, encoding)) {
                for (int tokens : TOKENS) {
                    for (int[] shape : SHAPES) {
                        String name = encoding.name() + " " + Arrays.toString(shape) + " x " + tokens;
                        tests.add(fresh(name + " up", operands -> up(operands, encoding, shape, tokens)));
                        tests.add(fresh(name + " down", operands -> down(operands, encoding, shape, tokens)));
                    }
                }
            }
        }
        return tests.stream();
    }

    private void up(RandomOperands operands, Encoding encoding, int[] shape, int tokens) {
        Matrix matrix = operands.matrix(encoding, shape[0], shape[1]);
        Matrix second = operands.matrix(encoding, shape[0], shape[1]);
        Linear linear = new Linear(matrix, operands.vector(shape[0]));
        Linear bare = new Linear(second, null);
        Rows in = large(operands.rows(tokens, shape[1]));
        Rows out = operands.rows(tokens, shape[0]);
        Rows other = operands.rows(tokens, shape[0]);
        Tolerance tolerance = tolerance(in, rounding(encoding, tokens));
        memory.same(
                List.of(out), tolerance, (ops, at) -> ops.up(at.of(linear), Activation.RELU, at.of(in), at.of(out)));
        memory.same(
                List.of(out, other),
                tolerance,
                (ops, at) ->
                        ops.upEach(List.of(at.of(linear), at.of(bare)), at.of(in), List.of(at.of(out), at.of(other))));
        int alike = Math.min(tokens, 16);
        byte[] all = memory.bits(
                out.slice(0, alike),
                (ops, at) -> ops.up(at.of(linear), at.of(in.slice(0, alike)), at.of(out.slice(0, alike))));
        byte[] one = memory.bits(
                out.slice(alike - 1, 1),
                (ops, at) -> ops.up(at.of(linear), at.of(in.slice(alike - 1, 1)), at.of(out.slice(alike - 1, 1))));
        assertThat(one).as("a row alone").isEqualTo(Arrays.copyOfRange(all, all.length - one.length, all.length));
    }

    private void down(RandomOperands operands, Encoding encoding, int[] shape, int tokens) {
        Matrix matrix = operands.matrix(encoding, shape[1], shape[0]);
        Rows in = large(operands.rows(tokens, shape[1], 0.3));
        Rows out = operands.rows(tokens, shape[0]);
        Tolerance tolerance = tolerance(in, rounding(encoding, tokens));
        for (int i = 0; i < 2; i++) { // the second time the device knows such numbers
            memory.same(List.of(out), tolerance, (ops, at) -> ops.down(at.of(matrix), at.of(in), at.of(out)));
        }
    }

    @TestFactory
    Stream<DynamicTest> queries() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Encoding encoding : List.of(Encoding.F16, Encoding.BF16)) {
            for (int[] heads :
                    new int[][] {{2, 2, 64}, {1, 2, 80}, {3, 1, 96}, {2, 1, 128}, {1, 1, 136}, {2, 2, 256}}) {
                for (int window : device.supports(Capability.WINDOW) ? new int[] {0, 40} : new int[] {0}) {
                    String name = encoding.name() + ", heads " + Arrays.toString(heads) + ", window " + window;
                    tests.add(fresh(name, operands -> attend(operands, encoding, heads, window)));
                }
            }
        }
        return tests.stream();
    }

    private void attend(RandomOperands operands, Encoding encoding, int[] heads, int window) {
        int tokens = 70;
        KvView cache = operands.cache(encoding, heads[0], heads[2], 64, 60 + tokens);
        List<KvSequence> sequences = List.of(new KvSequence(cache, 60, tokens));
        Scoring scoring = new Scoring(0.3f, window, new float[0]);
        Rows query = large(operands.rows(tokens, heads[0] * heads[1] * heads[2]));
        Rows out = operands.rows(tokens, query.width());
        double[] slack = sensitivity(query, sequences, scoring);
        for (int row = 0; row < tokens; row++) {
            slack[row] += rounding(encoding, tokens);
        }
        memory.same(
                List.of(out),
                new Tolerance(64, slack),
                (ops, at) -> ops.attend(at.of(query), at.of(sequences), scoring, at.of(out)));
    }

    /**
     * How much each row of the result changes when parts of its scores change by what F32 cannot hold: nothing where one key
     * outweighs all others, much where the two largest of such scores are nearly equal.
     */
    private static double[] sensitivity(Rows query, List<KvSequence> sequences, Scoring scoring) {
        float[] numbers = query.data().toArray(ValueLayout.JAVA_FLOAT);
        float[] wanted = attended(numbers, query, sequences, scoring);
        for (int i = 0; i < numbers.length; i += 2) {
            numbers[i] *= 1 + 1e-6f;
        }
        float[] other = attended(numbers, query, sequences, scoring);
        double[] most = new double[query.count()];
        for (int i = 0; i < wanted.length; i++) {
            int row = i / query.width();
            most[row] = Math.max(most[row], Math.abs(wanted[i] - other[i]));
        }
        return most;
    }

    private static float[] attended(float[] numbers, Rows query, List<KvSequence> sequences, Scoring scoring) {
        MemorySegment out = MemorySegment.ofArray(new float[numbers.length]);
        new ScalarOps()
                .attend(
                        new Rows(MemorySegment.ofArray(numbers.clone()), query.count(), query.width()),
                        sequences,
                        scoring,
                        new Rows(out, query.count(), query.width()));
        return out.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Some numbers of a row get its size, and others a part of it, so that one limit for all would change what they amount to. */
    private static Rows large(Rows rows) {
        for (int row = 0; row < rows.count(); row++) {
            float size = SIZES[row % SIZES.length];
            for (int i = row % 5; size != 1 && i < rows.width(); i += 7) {
                long at = (long) row * rows.width() + i;
                float number = rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, at);
                rows.data().setAtIndex(ValueLayout.JAVA_FLOAT, at, number * size / (1 + i % 4));
            }
        }
        return rows;
    }

    /** Sums of F32 are off by the size of what was added; ordinary rows are as exact as ever. */
    private static Tolerance tolerance(Rows in, double rounding) {
        double[] slack = IntStream.range(0, in.count())
                .mapToDouble(row -> {
                    float[] numbers = in.slice(row, 1).data().toArray(ValueLayout.JAVA_FLOAT);
                    double squares = IntStream.range(0, numbers.length)
                            .mapToDouble(i -> numbers[i])
                            .map(x -> x * x)
                            .sum();
                    return Math.max(rounding, 1e-5) * Math.sqrt(squares);
                })
                .toArray();
        return new Tolerance(in.width(), slack);
    }
}
