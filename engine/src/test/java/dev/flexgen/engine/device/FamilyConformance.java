package dev.flexgen.engine.device;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What only some families need, against the reference, as far as the device says that it can do it. A device's test extends this. */
public abstract class FamilyConformance extends ConformanceSuite {

    protected Grid grid() {
        return Grid.full();
    }

    /** By how much more than in F32 attention may be off for so many rows of a sequence. */
    protected double rounding(int rows) {
        return 0;
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
        Rows out = operands.rows(tokens, width);
        if (device.supports(Capability.RMS_NORM)) {
            norms(operands, in, out);
        }
        List<Activation> smooth = device.supports(Capability.SMOOTH_ACTIVATIONS)
                ? List.of(Activation.GELU_TANH, Activation.SILU)
                : List.of();
        for (Activation activation : smooth) {
            memory.same(List.of(in), new Tolerance(1), (ops, at) -> ops.activate(activation, at.of(in)));
        }
        if (device.supports(Capability.GATES)) {
            for (Activation activation : Activation.values()) {
                memory.same(List.of(in), new Tolerance(1), (ops, at) -> ops.gate(activation, at.of(out), at.of(in)));
            }
        }
        if (device.supports(Capability.EXPERTS)) {
            chosenRows(operands, in);
        }
    }

    private void norms(RandomOperands operands, Rows in, Rows out) {
        Norm rms = new Norm(Norm.Kind.RMS, 1e-5f, operands.vector(in.width()), null);
        Norm bare = new Norm(Norm.Kind.RMS, 1e-5f, null, null);
        MemorySegment bias = operands.vector(in.width());
        memory.same(List.of(out), new Tolerance(16), (ops, at) -> ops.norm(at.of(rms), at.of(in), at.of(out)));
        memory.same(List.of(in), new Tolerance(16), (ops, at) -> ops.norm(at.of(bare), at.of(in), at.of(in)));
        memory.same(
                List.of(in, out),
                new Tolerance(16),
                (ops, at) -> ops.addBiasNorm(at.of(bias), at.of(rms), at.of(in), at.of(out)));
    }

    /** Some rows, in an order of their own. */
    private void chosenRows(RandomOperands operands, Rows all) {
        int[] rows = IntStream.range(0, all.count())
                .filter(row -> row % 3 != 1)
                .map(row -> all.count() - 1 - row)
                .toArray();
        float[] factors = new float[rows.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 0.3f * (i + 1);
        }
        Rows some = operands.rows(rows.length, all.width());
        memory.same(List.of(some), new Tolerance(0), (ops, at) -> ops.gather(at.of(all), rows, at.of(some)));
        memory.same(
                List.of(all), new Tolerance(16), (ops, at) -> ops.scatterAdd(at.of(some), rows, factors, at.of(all)));
    }

    @TestFactory
    Stream<DynamicTest> rotary() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int tokens : device.supports(Capability.ROTARY) ? grid().tokens() : new int[0]) {
            for (int[] shape : new int[][] {{1, 8, 8}, {3, 12, 6}, {5, 33, 32}, {2, 128, 64}, {4, 256, 256}}) {
                for (boolean interleaved : new boolean[] {false, true}) {
                    String name = tokens + " rows of " + Arrays.toString(shape) + (interleaved ? " by neighbours" : "");
                    tests.add(test(name, operands -> rotate(operands, tokens, shape, interleaved)));
                }
            }
        }
        return tests.stream();
    }

    /** @param shape heads, their width, how much of it is turned */
    private void rotate(RandomOperands operands, int tokens, int[] shape, boolean interleaved) {
        float[] frequencies = new float[shape[2] / 2];
        for (int m = 0; m < frequencies.length; m++) {
            frequencies[m] = (float) Math.pow(10_000, -2.0 * m / shape[2]);
        }
        Rotary rotary = new Rotary(shape[1], frequencies, interleaved);
        Rotary larger = new Rotary(shape[1], frequencies, interleaved, 1.1386294f);
        Rows rows = operands.rows(tokens, shape[0] * shape[1]);
        for (int first : new int[] {0, 7, 100_000}) { // the second call finds other angles kept
            int[] positions = IntStream.range(0, tokens).map(i -> first + 3 * i).toArray();
            for (Rotary by : List.of(rotary, larger)) {
                memory.same(List.of(rows), new Tolerance(2), (ops, at) -> ops.rotate(by, positions, at.of(rows)));
                readyHeads(operands, rows, by, positions);
            }
        }
    }

    private void readyHeads(RandomOperands operands, Rows query, Rotary rotary, int[] positions) {
        Rows key = operands.rows(query.count(), 2 * rotary.headDim());
        List<Norm> norms = new ArrayList<>();
        norms.add(null);
        if (device.supports(Capability.RMS_NORM)) {
            norms.add(new Norm(Norm.Kind.RMS, 1e-5f, operands.vector(rotary.headDim()), null));
            norms.add(new Norm(1e-5f, operands.vector(rotary.headDim()), operands.vector(rotary.headDim())));
        }
        Norm others = norms.getLast();
        for (Norm norm : norms) {
            memory.same(List.of(query, key), new Tolerance(16), (ops, at) -> {
                HeadRows queries = new HeadRows(at.of(query), norm == null ? null : at.of(norm));
                HeadRows keys = new HeadRows(at.of(key), others == null ? null : at.of(others));
                ops.readyHeads(List.of(queries, keys), rotary, positions);
            });
        }
    }

    @TestFactory
    Stream<DynamicTest> attentionWithAWindowOrSlopes() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int[] shape : grid().heads()) {
            for (int[][] sequences : grid().batches()) {
                String name = ", heads " + Arrays.toString(shape) + ", " + Arrays.deepToString(sequences);
                for (int window : device.supports(Capability.WINDOW) ? new int[] {1, 9, 64, 100} : new int[0]) {
                    Scoring scoring = new Scoring(0.3f, window, new float[0]);
                    tests.add(test("window " + window + name, it -> attend(it, shape, scoring, sequences)));
                }
                if (device.supports(Capability.ALIBI)) {
                    float[] slopes = new float[shape[0] * shape[1]];
                    for (int i = 0; i < slopes.length; i++) {
                        slopes[i] = (float) Math.pow(2, -1.3 * (i + 1));
                    }
                    Scoring scoring = new Scoring(0.3f, 0, slopes);
                    tests.add(test("slopes" + name, it -> attend(it, shape, scoring, sequences)));
                }
            }
        }
        return tests.stream();
    }

    /** @param shares tokens before and new tokens of each sequence */
    private void attend(RandomOperands operands, int[] shape, Scoring scoring, int[][] shares) {
        List<KvSequence> sequences = new ArrayList<>();
        List<Double> slack = new ArrayList<>();
        for (int[] share : shares) {
            KvView cache = operands.cache(Encoding.F16, shape[0], shape[2], 64, share[0] + share[1]);
            sequences.add(new KvSequence(cache, share[0], share[1]));
            slack.addAll(Collections.nCopies(share[1], rounding(share[1])));
        }
        int rows = slack.size();
        Rows keys = operands.rows(rows, shape[0] * shape[2]);
        Rows values = operands.rows(rows, shape[0] * shape[2]);
        Rows query = operands.rows(rows, shape[0] * shape[1] * shape[2]);
        Rows out = operands.rows(rows, query.width());
        memory.same(
                List.of(out),
                new Tolerance(64, slack.stream().mapToDouble(x -> x).toArray()),
                (ops, at) -> ops.appendAndAttend(
                        at.of(keys), at.of(values), at.of(query), at.of(sequences), scoring, at.of(out)));
    }
}
