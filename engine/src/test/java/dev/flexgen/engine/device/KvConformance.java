package dev.flexgen.engine.device;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.KvEncoding;
import dev.flexgen.engine.quant.PageFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Sealing pages of a cache, and attention over sealed pages, against the reference. A device's test extends this. */
public abstract class KvConformance extends ConformanceSuite {

    private static final KvEncoding Q4 = KvEncoding.Q4;
    private static final int TOKENS = PageFormat.Q4.tokens();

    /** Key heads, query heads of each, width of a head. */
    private static final int[][] HEADS = {
        {1, 1, 1},
        {3, 1, 12},
        {4, 2, 16},
        {2, 1, 33},
        {2, 4, 40},
        {6, 1, 64},
        {2, 2, 80},
        {3, 1, 96},
        {2, 4, 128},
        {1, 1, 200}
    };

    /** Sealed blocks, position of the first row, rows. */
    private static final int[][][] STEPS = {
        {{1, 64, 1}},
        {{2, 191, 1}},
        {{1, 127, 1}, {2, 128, 1}, {0, 5, 1}, {9, 600, 1}},
        {{1, 120, 8}, {2, 128, 8}},
        {{0, 0, 64}, {1, 64, 64}, {2, 128, 20}},
        {{3, 192, 33}, {2, 150, 3}},
        // from here on long ones
        {{18, 1152, 1}, {18, 1160, 40}},
        {{70, 4480, 1}},
        {{70, 4481, 17}, {3, 200, 1}},
    };

    private static final int LONG = 6;

    /** What attention of many rows may be off because its operands were rounded to 16 bits. */
    protected double rounding(int rows) {
        return 0;
    }

    /** Fewer shapes, for a device that computes with another's operations. */
    protected boolean small() {
        return false;
    }

    private Stream<int[]> heads() {
        return Arrays.stream(HEADS).filter(shape -> !small() || shape[2] == 12 || shape[2] == 80);
    }

    private boolean supported() {
        return device.supports(Operation.SEAL, Encoding.Q4) && device.supports(Operation.ATTEND, Encoding.Q4);
    }

    @Override
    DynamicTest test(String name, Consumer<RandomOperands> body) {
        return super.test(name, operands -> {
            assumeTrue(supported(), "no pages in 4 bits");
            body.accept(operands);
        });
    }

    @TestFactory
    Stream<DynamicTest> sealingLeavesTheSameBits() {
        return heads().map(shape -> test("heads " + shape[0] + " dim " + shape[2], operands -> {
            List<KvSealing> blocks = List.of(open(operands, shape), open(operands, shape), open(operands, shape));
            for (float[] special :
                    new float[][] {{0}, {1.5f}, {6e-8f, 0}, {-65504, 65504}, {1e-5f, 1, -1}, {1, 1, 1, 100}, {-0f, 0}
                    }) {
                fill(blocks.getLast().keys(), special);
                fill(blocks.getLast().values(), special);
                memory.identical((ops, at) ->
                        ops.seal(blocks.stream().map(block -> at.of(block)).toList()));
            }
        }));
    }

    private static void fill(MemorySegment halves, float[] numbers) {
        for (int i = 0; i < halves.byteSize() / 2; i++) {
            halves.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(numbers[i * 7 % numbers.length]));
        }
    }

    /** A block with numbers, and memory for its sealed form. */
    private KvSealing open(RandomOperands operands, int[] shape) {
        KvView cache = operands.cache(Encoding.F16, shape[0], shape[2], TOKENS, TOKENS);
        MemorySegment keys = cache.keys().getFirst();
        for (int d = 0; d < shape[2]; d += 5) { // as in models: some channels of keys are far from zero
            for (int t = 0; t < TOKENS; t++) {
                long at = (long) t * shape[2] + d;
                float number = Float.float16ToFloat(keys.getAtIndex(ValueLayout.JAVA_SHORT, at));
                keys.setAtIndex(ValueLayout.JAVA_SHORT, at, Float.floatToFloat16(number + 3));
            }
        }
        PageFormat format = PageFormat.Q4;
        return new KvSealing(
                Q4,
                shape[0],
                shape[2],
                keys,
                cache.values().getFirst(),
                memory.allocate((long) shape[0] * format.keyBytes(shape[2]), 256),
                memory.allocate((long) shape[0] * format.valueBytes(shape[2]), 256));
    }

    @TestFactory
    Stream<DynamicTest> attentionOverSealedAndOpenBlocks() {
        List<DynamicTest> tests = new ArrayList<>();
        heads().forEach(shape -> {
            boolean all = shape[2] == 12 || shape[2] == 64; // the reference takes its time for a long cache
            for (int[][] step : all ? STEPS : Arrays.copyOf(STEPS, LONG)) {
                String name =
                        "heads " + shape[0] + " x" + shape[1] + " dim " + shape[2] + ", " + Arrays.deepToString(step);
                tests.add(test(name, operands -> attend(operands, shape, step)));
            }
        });
        return tests.stream();
    }

    private void attend(RandomOperands operands, int[] shape, int[][] step) {
        List<KvSequence> sequences = new ArrayList<>();
        List<Double> slack = new ArrayList<>();
        for (int[] part : step) {
            sequences.add(new KvSequence(cache(operands, shape, part[0], part[1] + part[2]), part[1], part[2]));
            for (int i = 0; i < part[2]; i++) {
                slack.add(rounding(part[2]));
            }
        }
        Rows keys = operands.rows(slack.size(), shape[0] * shape[2]);
        Rows values = operands.rows(slack.size(), keys.width());
        Rows query = operands.rows(slack.size(), keys.width() * shape[1]);
        Rows out = operands.rows(slack.size(), query.width());
        float scale = (float) (1 / Math.sqrt(shape[2]));
        Tolerance tolerance =
                new Tolerance(64, slack.stream().mapToDouble(x -> x).toArray());
        memory.identical((ops, at) -> ops.append(at.of(keys), at.of(values), at.of(sequences)));
        memory.same(
                List.of(out), tolerance, (ops, at) -> ops.attend(at.of(query), at.of(sequences), scale, at.of(out)));
        memory.same(
                List.of(out),
                tolerance,
                (ops, at) -> ops.appendAndAttend(
                        at.of(keys), at.of(values), at.of(query), at.of(sequences), scale, at.of(out)));
    }

    /** With a few different blocks, which occur again and again. */
    private KvView cache(RandomOperands operands, int[] shape, int sealed, int length) {
        List<MemorySegment> keys = new ArrayList<>();
        List<MemorySegment> values = new ArrayList<>();
        List<KvSealing> different = new ArrayList<>();
        for (int block = 0; block < Math.min(3, sealed); block++) {
            KvSealing made = open(operands, shape);
            new ScalarOps().seal(List.of(made));
            different.add(made);
        }
        for (int block = 0; block < sealed; block++) {
            keys.add(different.get(block % 3).sealedKeys());
            values.add(different.get(block % 3).sealedValues());
        }
        int open = length - sealed * TOKENS;
        KvView rest = operands.cache(Encoding.F16, shape[0], shape[2], TOKENS, open);
        keys.addAll(rest.keys());
        values.addAll(rest.values());
        return new KvView(Q4, shape[0], shape[2], TOKENS, keys, values, sealed);
    }

    @TestFactory
    Stream<DynamicTest> aRowsBitsDoNotDependOnTheOtherRows() {
        return heads().map(shape -> test("heads " + shape[0] + " x" + shape[1] + " dim " + shape[2], operands -> {
            List<KvSequence> sequences = List.of(
                    new KvSequence(cache(operands, shape, 2, 131), 130, 1),
                    new KvSequence(cache(operands, shape, 8, 525), 512, 13),
                    new KvSequence(cache(operands, shape, 0, 64), 62, 2));
            new AlikeRows(memory, 16).attention(operands, sequences, shape);
        }));
    }

    @Test
    void whatIsNotSupportedIsRefusedByName() {
        if (!device.supports(Operation.SEAL, Encoding.Q4)) {
            RandomOperands operands = new RandomOperands(memory, 3, 0);
            KvSealing block = open(operands, new int[] {1, 1, 8});
            assertThatThrownBy(() -> device.ops().seal(List.of(block)))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("q4");
        }
    }
}
