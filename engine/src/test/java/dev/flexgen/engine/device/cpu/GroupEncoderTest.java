package dev.flexgen.engine.device.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.Encoding.Grouped;
import dev.flexgen.engine.quant.GroupCodec;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.quant.LeastSquaresQuantizer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupEncoderTest {

    private static final List<Grouped> ENCODINGS =
            List.of((Grouped) Encoding.Q8, (Grouped) Encoding.Q4, (Grouped) Encoding.Q3);

    @Test
    void rowsHaveTheBitsOfTheReference() {
        Random random = new Random(1);
        for (Grouped encoding : ENCODINGS) {
            GroupEncoder encoder = new GroupEncoder(encoding);
            for (int columns : new int[] {1, 2, 63, 64, 65, 200, 512, 1024, 1100}) {
                for (double size : new double[] {0.02, 1, 1e-7, 1e-5, 3000}) {
                    float[] numbers = new float[columns + 3];
                    for (int i = 0; i < numbers.length; i++) {
                        numbers[i] = (float) (random.nextGaussian() * size);
                    }
                    assertThat(encoded(encoder, encoding, numbers, columns))
                            .as("%s, %d columns of size %s", encoding.name(), columns, size)
                            .isEqualTo(reference(encoding, LeastSquaresQuantizer.INSTANCE, numbers, columns));
                }
            }
        }
    }

    @Test
    void groupsOfNoSpreadOrOneOutlierHaveTheBitsOfTheReference() {
        for (Grouped encoding : ENCODINGS) {
            GroupEncoder encoder = new GroupEncoder(encoding);
            for (float[] numbers : List.of(
                    filled(0),
                    filled(-0.25f),
                    filled(0.1f),
                    filled(1e-9f),
                    outlier(30000),
                    outlier(-1e-3f),
                    shifted())) {
                assertThat(encoded(encoder, encoding, numbers, 64))
                        .as("%s of %s", encoding.name(), Arrays.toString(Arrays.copyOf(numbers, 4)))
                        .isEqualTo(reference(encoding, LeastSquaresQuantizer.INSTANCE, numbers, 64));
            }
        }
    }

    private static float[] filled(float number) {
        float[] numbers = new float[67];
        Arrays.fill(numbers, number);
        return numbers;
    }

    private static float[] outlier(float number) {
        float[] numbers = filled(1e-3f);
        numbers[20] = number;
        return numbers;
    }

    /** Far from zero, and close together. */
    private static float[] shifted() {
        float[] numbers = filled(1000);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] += i * 37 % 64 * 0.25f;
        }
        return numbers;
    }

    @Test
    void noGroupIsWorseThanFromLeastToGreatest() {
        Random random = new Random(2);
        for (Grouped encoding : ENCODINGS) {
            for (int round = 0; round < 300; round++) {
                int count = 1 + random.nextInt(64);
                float[] numbers = new float[count];
                for (int i = 0; i < count; i++) {
                    numbers[i] = (float) (random.nextGaussian() * Math.exp(4 * random.nextGaussian() - 4));
                }
                double ours = error(encoding, LeastSquaresQuantizer.INSTANCE, numbers);
                double plain = error(encoding, GroupQuantizer.MIN_MAX, numbers);
                assertThat(ours)
                        .as("%s of %s", encoding.name(), Arrays.toString(numbers))
                        .isLessThanOrEqualTo(plain * 1.00001 + 1e-30);
            }
        }
    }

    @Test
    void theErrorOfNormalNumbersIsSmallerThanFromLeastToGreatest() {
        assertThat(saved((Grouped) Encoding.Q4)).isGreaterThan(0.16);
        assertThat(saved((Grouped) Encoding.Q3)).isGreaterThan(0.25);
        assertThat(saved((Grouped) Encoding.Q8)).isGreaterThan(0.04);
    }

    private static double saved(Grouped encoding) {
        Random random = new Random(3);
        float[] numbers = new float[64 * 2000];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) (random.nextGaussian() * 0.02);
        }
        return 1
                - error(encoding, LeastSquaresQuantizer.INSTANCE, numbers)
                        / error(encoding, GroupQuantizer.MIN_MAX, numbers);
    }

    private static double error(Grouped encoding, GroupQuantizer quantizer, float[] numbers) {
        float[] decoded = new float[numbers.length];
        new GroupCodec(encoding, quantizer)
                .decode(
                        MemorySegment.ofArray(reference(encoding, quantizer, numbers, numbers.length)),
                        numbers.length,
                        decoded,
                        0);
        return IntStream.range(0, numbers.length)
                .mapToDouble(i -> Math.pow((double) numbers[i] - decoded[i], 2))
                .sum();
    }

    @Test
    void oneOutlierCostsTheOthersNoMoreThanTheirSpread() {
        float[] numbers = outlier(8);
        for (Grouped encoding : ENCODINGS) {
            float[] decoded = new float[64];
            MemorySegment row = MemorySegment.ofArray(reference(encoding, LeastSquaresQuantizer.INSTANCE, numbers, 64));
            new GroupCodec(encoding, LeastSquaresQuantizer.INSTANCE).decode(row, 64, decoded, 0);
            assertThat(decoded[17]).as(encoding.name()).isBetween(7.9f, 8.1f);
            assertThat(decoded[0]).as(encoding.name()).isBetween(-1e-3f, 3e-3f);
        }
    }

    @Test
    void numbersThatCannotBeHeldAreFound() {
        for (Grouped encoding : ENCODINGS) {
            GroupEncoder encoder = new GroupEncoder(encoding);
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e5f, -40000}) {
                for (int place : new int[] {0, 63, 700, 1089}) {
                    float[] numbers = new float[1090];
                    Arrays.fill(numbers, 1);
                    numbers[place] = bad;
                    MemorySegment row = MemorySegment.ofArray(new byte[(int) encoding.rowBytes(1090)]);
                    assertThat(encoder.encode(numbers, 0, 1090, row))
                            .as("%s at %d in %s", bad, place, encoding.name())
                            .isEqualTo(place);
                }
            }
        }
    }

    private static byte[] encoded(GroupEncoder encoder, Grouped encoding, float[] numbers, int columns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(encoding.rowBytes(columns));
            row.fill((byte) 0x55);
            assertThat(encoder.encode(numbers, 3, columns, row)).isEqualTo(-1);
            return row.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static byte[] reference(Grouped encoding, GroupQuantizer quantizer, float[] numbers, int columns) {
        byte[] row = new byte[(int) encoding.rowBytes(columns)];
        new GroupCodec(encoding, quantizer)
                .encode(numbers, numbers.length - columns, columns, MemorySegment.ofArray(row));
        return row;
    }
}
