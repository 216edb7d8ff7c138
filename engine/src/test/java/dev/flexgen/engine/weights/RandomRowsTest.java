package dev.flexgen.engine.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.Role;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class RandomRowsTest {

    private static final int ROWS = 12;
    private static final int COLUMNS = 130;
    private static final int ROW_BYTES = Math.toIntExact(Encoding.Q4.rowBytes(COLUMNS));

    /** Random numbers in groups come from nowhere else. */
    private static final class NoRows implements RowSource {
        @Override
        public void rows(Role role, int layer, int from, Encoding encoding, int columns, MemorySegment target) {
            throw new IllegalStateException("rows of " + role);
        }

        @Override
        public void vector(Role role, int layer, int from, MemorySegment target) {
            throw new IllegalStateException("a vector of " + role);
        }

        @Override
        public void close() {}
    }

    private static byte[] draw(long seed, Role role, int layer, int from, int rows) {
        byte[] target = new byte[rows * ROW_BYTES];
        try (WorkerPool pool = new WorkerPool(2);
                RowSource source = RandomRows.of(new NoRows(), seed, pool)) {
            source.rows(role, layer, from, Encoding.Q4, COLUMNS, MemorySegment.ofArray(target));
        }
        return target;
    }

    /** The number is what they were when this was written: they must not differ from run to run. */
    @Test
    void theSeedDecidesTheWeightsInEveryRun() {
        CRC32C crc = new CRC32C();
        crc.update(draw(1, ModelPart.UP.weight(), 2, 0, ROWS));
        assertThat(crc.getValue()).isEqualTo(19450435L);
        assertThat(draw(2, ModelPart.UP.weight(), 2, 0, ROWS)).isNotEqualTo(draw(1, ModelPart.UP.weight(), 2, 0, ROWS));
    }

    @Test
    void rolesAndLayersDiffer() {
        byte[] one = draw(1, ModelPart.UP.weight(), 2, 0, ROWS);
        assertThat(draw(1, ModelPart.GATE.weight(), 2, 0, ROWS)).isNotEqualTo(one);
        assertThat(draw(1, ModelPart.UP.weight(), 3, 0, ROWS)).isNotEqualTo(one);
    }

    @Test
    void aShardHasTheRowsThatTheWholeMatrixHasThere() {
        byte[] whole = draw(1, ModelPart.DOWN.weight(), 0, 0, ROWS);
        assertThat(draw(1, ModelPart.DOWN.weight(), 0, 5, 4))
                .isEqualTo(Arrays.copyOfRange(whole, 5 * ROW_BYTES, 9 * ROW_BYTES));
    }
}
