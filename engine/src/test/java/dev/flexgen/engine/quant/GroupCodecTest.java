package dev.flexgen.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class GroupCodecTest {

    private static final List<Grouped> ENCODINGS =
            List.of((Grouped) Encoding.Q8, (Grouped) Encoding.Q4, (Grouped) Encoding.Q3);

    @Test
    void decodedNumbersAreWithinHalfAStepOfTheOriginals() {
        Random random = new Random(1);
        for (Grouped encoding : ENCODINGS) {
            for (int columns : new int[] {1, 63, 64, 65, 200, 256}) {
                float[] numbers = new float[columns];
                for (int i = 0; i < columns; i++) {
                    numbers[i] = (float) random.nextGaussian();
                }
                float[] decoded = roundTrip(encoding, numbers);
                double step = 10.0 / ((1 << encoding.bits()) - 2);
                for (int i = 0; i < columns; i++) {
                    assertThat(decoded[i])
                            .as("%s column %d of %d", encoding.name(), i, columns)
                            .isCloseTo(numbers[i], Offset.offset((float) step / 2));
                }
            }
        }
    }

    @Test
    void numbersOnTheStepsAreExact() {
        for (Grouped encoding : ENCODINGS) {
            boolean signed = encoding.offset() == null;
            int top = (1 << (encoding.bits() - (signed ? 1 : 0))) - 1;
            float[] numbers = new float[130];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = signed ? ((i * 37) % (2 * top + 1)) - top : 0.5f * ((i * 5) % (top + 1)) - 3;
            }
            // every group needs its extremes
            for (int group = 0; group < numbers.length; group += 64) {
                numbers[group] = signed ? top : 0.5f * top - 3;
                numbers[group + 1] = signed ? -top : -3;
            }
            assertThat(roundTrip(encoding, numbers)).as(encoding.name()).containsExactly(numbers);
        }
    }

    @Test
    void constantGroupsAreExact() {
        float[] numbers = new float[64];
        Arrays.fill(numbers, 0.25f);
        for (Grouped encoding : ENCODINGS) {
            if (encoding.offset() != null) {
                assertThat(roundTrip(encoding, numbers)).as(encoding.name()).containsExactly(numbers);
            }
            assertThat(roundTrip(encoding, new float[70])).as(encoding.name()).containsOnly(0);
        }
    }

    @Test
    void integersLieWhereTheEncodingSays() {
        try (Arena arena = Arena.ofConfined()) {
            float[] numbers = new float[64];
            numbers[0] = 15; // the scale is 1
            numbers[8 * 3 + 5] = 9;
            MemorySegment row = arena.allocate(Encoding.Q4.rowBytes(64));
            new GroupCodec((Grouped) Encoding.Q4, GroupQuantizer.MIN_MAX).encode(numbers, 0, 64, row);
            assertThat(row.get(ValueLayout.JAVA_INT_UNALIGNED, 0)).isEqualTo(15);
            assertThat(row.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * 5)).isEqualTo(9 << (4 * 3));
            assertThat(Float.float16ToFloat(row.get(ValueLayout.JAVA_SHORT_UNALIGNED, 32)))
                    .isEqualTo(1);
            assertThat(row.get(ValueLayout.JAVA_SHORT_UNALIGNED, 34)).isZero();

            numbers[0] = 7;
            numbers[8 * 3 + 5] = 5; // bits 9 to 11 of word 5: the second byte
            MemorySegment narrow = arena.allocate(Encoding.Q3.rowBytes(64));
            new GroupCodec((Grouped) Encoding.Q3, GroupQuantizer.MIN_MAX).encode(numbers, 0, 64, narrow);
            assertThat(narrow.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
            assertThat(narrow.get(ValueLayout.JAVA_BYTE, 8 + 5)).isEqualTo((byte) (5 << 1));
        }
    }

    private static float[] roundTrip(Grouped encoding, float[] numbers) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(encoding.rowBytes(numbers.length));
            row.fill((byte) 0xff);
            GroupCodec codec = new GroupCodec(encoding, GroupQuantizer.MIN_MAX);
            codec.encode(numbers, 0, numbers.length, row);
            float[] decoded = new float[numbers.length];
            codec.decode(row, numbers.length, decoded, 0);
            return decoded;
        }
    }
}
