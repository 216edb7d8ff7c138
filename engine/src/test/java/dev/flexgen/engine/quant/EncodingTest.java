package dev.flexgen.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.tensor.DType;
import dev.flexgen.engine.weights.MatrixLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class EncodingTest {

    @Test
    void plainRowsAreOneElementAfterTheOther() {
        assertThat(Encoding.F32.rowBytes(3)).isEqualTo(12);
        assertThat(Encoding.F16.rowBytes(3)).isEqualTo(6);
        assertThat(Encoding.BF16.bytes(5, 3)).isEqualTo(30);
        assertThat(Encoding.F16.elementType()).isEqualTo(DType.F16);
        for (DType dtype : DType.values()) {
            assertThat(Encoding.of(dtype)).isEqualTo(new Encoding.Plain(dtype));
        }
    }

    @Test
    void groupedRowsAreWholeGroups() {
        assertThat(Encoding.Q4.rowBytes(64)).isEqualTo(48); // 36 in use
        assertThat(Encoding.Q4.rowBytes(1)).isEqualTo(48);
        assertThat(Encoding.Q4.rowBytes(65)).isEqualTo(80);
        assertThat(Encoding.Q4.rowBytes(256)).isEqualTo(144);
        assertThat(Encoding.Q4.rowBytes(0)).isZero();
        assertThat(Encoding.Q4.bytes(4096, 2560)).isEqualTo(4096L * 40 * 36);
        assertThat(Encoding.Q8.rowBytes(64)).isEqualTo(80);
        assertThat(Encoding.Q8.rowBytes(80)).isEqualTo(144);
        assertThat(Encoding.Q3.rowBytes(256)).isEqualTo(112);
    }

    @Test
    void sizesThatDoNotFitALongAreRefused() {
        assertThatThrownBy(() -> Encoding.F16.bytes(Long.MAX_VALUE / 2, 3)).isInstanceOf(ArithmeticException.class);
        assertThat(Encoding.Q4.rowBytes(Integer.MAX_VALUE)).isEqualTo((1L << 25) * 36);
    }

    @Test
    void everyEncodingHasANameOfItsOwn() {
        assertThat(Encoding.ALL).extracting(Encoding::name).containsExactly("f32", "f16", "bf16", "q8", "q4", "q3");
    }

    @Test
    void otherWidthsAndGroupsAreRefused() {
        assertThatThrownBy(() -> new Encoding.Grouped(5, 64, DType.F16, null)).hasMessageContaining("5 bits");
        assertThatThrownBy(() -> new Encoding.Grouped(4, 32, DType.F16, null)).hasMessageContaining("groups of 32");
    }

    @Test
    void matricesLayoutsAndCachesTakeAsManyBytesAsTheirEncodingSays() {
        try (Arena arena = Arena.ofConfined()) {
            MatrixLayout layout = MatrixLayout.after(100, Encoding.Q4, 3, 65, true);
            assertThat(layout.weightAt()).isEqualTo(256);
            assertThat(layout.biasAt()).isEqualTo(512);
            Matrix matrix = layout.matrix(arena.allocate(layout.end()));
            assertThat(matrix.bytes()).isEqualTo(3 * 80);
            assertThat(matrix.rowBytes()).isEqualTo(80);
            assertThatThrownBy(() -> new Matrix(Encoding.Q4, 3, 65, arena.allocate(3 * 36)))
                    .hasMessage("q4 [3, 65] in 108 bytes");
            MemorySegment block = arena.allocate(2 * 7 * 144);
            KvView cache = new KvView(Encoding.Q8, 2, 80, 7, List.of(block), List.of(block));
            assertThat(cache.keyBytes(0)).isEqualTo(block.byteSize());
            assertThat(cache.offset(1, 3)).isEqualTo((7 + 3) * 144);
        }
    }

    @Test
    void whatHasNoKernelIsRefusedByName() {
        try (Arena arena = Arena.ofConfined()) {
            Matrix matrix = new Matrix(Encoding.Q4, 1, 64, arena.allocate(48));
            assertThatThrownBy(matrix::dtype)
                    .isInstanceOf(EngineException.class)
                    .hasMessage("There is no kernel for numbers encoded as q4");
            KvView cache = new KvView(Encoding.Q8, 1, 64, 1, List.of(), List.of());
            assertThatThrownBy(cache::dtype).hasMessage("There is no kernel for numbers encoded as q8");
        }
    }
}
