package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.RandomOperands;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the processor computes of experts together, and what not, beside what the conformance suite checks. */
class GroupedExpertsTest {

    private static final int NEURONS = 100;
    private static final int WIDTH = 130;

    private final Arena arena = Arena.ofShared();
    private final WorkerPool pool = new WorkerPool(2);
    private final RandomOperands operands = new RandomOperands(arena, 11);

    @AfterEach
    void close() {
        pool.close();
        arena.close();
    }

    private RoutedExpert expert(Encoding up, Encoding down, int... rows) {
        Linear gate = new Linear(operands.matrix(up, NEURONS, WIDTH), null);
        Linear second = new Linear(operands.matrix(up, NEURONS, WIDTH), operands.vector(NEURONS));
        float[] weights = new float[rows.length];
        Arrays.fill(weights, 0.5f);
        return new RoutedExpert(List.of(gate, second), operands.matrix(down, NEURONS, WIDTH), rows, weights);
    }

    private static byte[] bits(Rows rows) {
        return rows.data().toArray(ValueLayout.JAVA_BYTE);
    }

    private static int[] upTo(int count) {
        return IntStream.range(0, count).toArray();
    }

    private void refused(List<RoutedExpert> experts) {
        Rows out = operands.rows(20, WIDTH);
        byte[] before = bits(out);
        assertThat(new VectorOps(pool).experts(Activation.SILU, experts, operands.rows(20, WIDTH), out))
                .isFalse();
        assertThat(bits(out)).isEqualTo(before);
    }

    @Test
    void plainOnesAndUnlikeOnesAreLeftToTheCaller() {
        refused(List.of(expert(Encoding.F16, Encoding.F16, 1)));
        refused(List.of(expert(Encoding.Q4, Encoding.F16, 1)));
        refused(List.of(expert(Encoding.Q4, Encoding.Q4, 1), expert(Encoding.Q8, Encoding.Q4, 2)));
        refused(List.of(expert(Encoding.Q4, Encoding.Q4, 1), expert(Encoding.Q4, Encoding.Q8, 2)));
    }

    @Test
    void anExpertOfManyRowsIsLeftToTheCaller() {
        RoutedExpert busy = expert(Encoding.Q4, Encoding.Q4, upTo(SkinnyMatmul.MOST + 1));
        refused(List.of(expert(Encoding.Q4, Encoding.Q4, 19), busy));
    }

    @Test
    void rowsThatChoseNoneStayAsTheyAreToTheBit() {
        Rows out = operands.rows(4, WIDTH);
        out.data().setAtIndex(ValueLayout.JAVA_FLOAT, 2 * WIDTH, -0f); // which zero must not be added to
        byte[] before = bits(out.slice(2, 1));
        List<RoutedExpert> experts =
                List.of(expert(Encoding.Q4, Encoding.Q4, 0, 3), expert(Encoding.Q4, Encoding.Q4, 1));
        assertThat(new VectorOps(pool).experts(Activation.RELU, experts, operands.rows(4, WIDTH), out))
                .isTrue();
        assertThat(bits(out.slice(2, 1))).isEqualTo(before);
    }

    @Test
    void rowsThatTakeTurnsGiveTheSameBits() {
        int rows = 45;
        Matrix first = operands.matrix(Encoding.Q8, NEURONS, WIDTH);
        Matrix second = operands.matrix(Encoding.Q8, NEURONS, WIDTH);
        Rows inputs = operands.rows(rows + 2, NEURONS);
        Rows before = operands.rows(rows, WIDTH);
        int[] some = {3, 30};
        byte[][] results = new byte[2][];
        int[] rooms = {0, 1 << 20};
        for (int i = 0; i < rooms.length; i++) {
            GroupedDown down = new GroupedDown(pool, scratch(), new Arrangements(), rooms[i]);
            float[] numbers = down.inputs((rows + 2) * NEURONS);
            Convert.floats(inputs.data(), 0, numbers, (rows + 2) * NEURONS);
            Rows out = new Rows(arena.allocate(before.bytes(), 64), rows, WIDTH);
            out.data().copyFrom(before.data());
            List<GroupedDown.Share> shares = List.of(
                    new GroupedDown.Share(first, 0, upTo(rows)), new GroupedDown.Share(second, rows * NEURONS, some));
            down.add((Grouped) Encoding.Q8, shares, out);
            results[i] = bits(out);
        }
        assertThat(results[0]).isEqualTo(results[1]).isNotEqualTo(bits(before));
    }

    private Scratch[] scratch() {
        return IntStream.range(0, pool.threads()).mapToObj(_ -> new Scratch()).toArray(Scratch[]::new);
    }
}
