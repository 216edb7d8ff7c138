package dev.flexgen.engine.device.cpu;

import static dev.flexgen.engine.device.cpu.Lanes.FLOATS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops over 3-bit integers: the three bytes of a word come from three places, 8 words at a time, so vectors of at most 8 lanes are
 * used; then as {@link NibbleKernel}, with levels {@code 1 + q / 8}.
 */
record TripletKernel() implements GroupKernel {

    private static final int GROUP = 64;
    private static final int GROUP_BYTES = 24;
    private static final int WORDS = 8;
    private static final int FIELDS = 8;

    private static final VectorSpecies<Float> EIGHT =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Math.min(256, FLOATS.vectorBitSize())));
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, EIGHT.vectorShape());
    private static final int WIDTH = EIGHT.length();
    private static final int FRACTION = 0x00700000;
    private static final int ONE = 0x3f800000;

    @Override
    public float factor() {
        return 8;
    }

    @Override
    public int arranged(int columns) {
        return Math.ceilDiv(columns, GROUP) * GROUP;
    }

    /** Columns of a group are fields of neighbouring words, word by word: as they are. */
    @Override
    public int place(int column) {
        return column;
    }

    /** The words of {@code WIDTH} lanes from word {@code part * WIDTH} on. */
    private static IntVector words(MemorySegment weights, long at, int part) {
        IntVector low = plane(weights, at, part);
        IntVector middle = plane(weights, at + WORDS, part).lanewise(VectorOperators.LSHL, 8);
        IntVector high = plane(weights, at + 2 * WORDS, part).lanewise(VectorOperators.LSHL, 16);
        return low.or(middle).or(high);
    }

    private static IntVector plane(MemorySegment weights, long at, int part) {
        ByteVector bytes =
                ByteVector.fromMemorySegment(ByteVector.SPECIES_64, weights, at, ByteOrder.LITTLE_ENDIAN);
        return (IntVector) bytes.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, part);
    }

    private static FloatVector raised(IntVector words, int bits) {
        return words.lanewise(VectorOperators.LSHL, bits).and(FRACTION).or(ONE).reinterpretAsFloats();
    }

    private static FloatVector level(IntVector words, int field) {
        return switch (field) {
            case 0 -> raised(words, 20);
            case 1 -> raised(words, 17);
            case 2 -> raised(words, 14);
            case 3 -> raised(words, 11);
            case 4 -> raised(words, 8);
            case 5 -> raised(words, 5);
            case 6 -> raised(words, 2);
            default -> words.lanewise(VectorOperators.LSHR, 1).and(FRACTION).or(ONE).reinterpretAsFloats();
        };
    }

    private static FloatVector load(float[] x, int at) {
        return FloatVector.fromArray(EIGHT, x, at);
    }

    private static FloatVector fma(FloatVector a, FloatVector b, FloatVector c) {
        return VectorUnit.FMA ? a.fma(b, c) : a.mul(b).add(c);
    }

    private static FloatVector levelDot(IntVector words, float[] x, int xo) {
        FloatVector sum = level(words, 0).mul(load(x, xo));
        sum = fma(level(words, 1), load(x, xo + WORDS), sum);
        sum = fma(level(words, 2), load(x, xo + 2 * WORDS), sum);
        sum = fma(level(words, 3), load(x, xo + 3 * WORDS), sum);
        sum = fma(level(words, 4), load(x, xo + 4 * WORDS), sum);
        sum = fma(level(words, 5), load(x, xo + 5 * WORDS), sum);
        sum = fma(level(words, 6), load(x, xo + 6 * WORDS), sum);
        return fma(level(words, 7), load(x, xo + 7 * WORDS), sum);
    }

    @Override
    public float dot(MemorySegment weights, long row, int groups, float[] factors, float[] x, int xo) {
        FloatVector sum = FloatVector.zero(EIGHT);
        for (int g = 0; g < groups; g++) {
            FloatVector f = FloatVector.broadcast(EIGHT, factors[g]);
            long at = row + (long) g * GROUP_BYTES;
            sum = fma(levelDot(words(weights, at, 0), x, xo + g * GROUP), f, sum);
            if (WIDTH < WORDS) {
                sum = fma(levelDot(words(weights, at, 1), x, xo + g * GROUP + WIDTH), f, sum);
            }
        }
        return total(sum);
    }

    @Override
    public void dots(
            MemorySegment weights,
            long row,
            int groups,
            float[] factors,
            float[] x,
            int xo,
            int xs,
            float[] sums,
            int so) {
        for (int t = 0; t < TOKENS; t++) {
            sums[so + t] = dot(weights, row, groups, factors, x, xo + t * xs);
        }
    }

    @Override
    public void addRows(
            MemorySegment weights,
            long row,
            float[] factors,
            long secondRow,
            float[] secondFactors,
            int groups,
            float[] y,
            int yo) {
        for (int g = 0; g < groups; g++) {
            for (int part = 0; part < WORDS / WIDTH; part++) {
                IntVector a = part == 0
                        ? words(weights, row + (long) g * GROUP_BYTES, 0)
                        : words(weights, row + (long) g * GROUP_BYTES, 1);
                IntVector b = part == 0
                        ? words(weights, secondRow + (long) g * GROUP_BYTES, 0)
                        : words(weights, secondRow + (long) g * GROUP_BYTES, 1);
                FloatVector fa = FloatVector.broadcast(EIGHT, factors[g]);
                FloatVector fb = FloatVector.broadcast(EIGHT, secondFactors[g]);
                for (int k = 0; k < FIELDS; k++) {
                    int at = yo + g * GROUP + k * WORDS + part * WIDTH;
                    fma(level(b, k), fb, fma(level(a, k), fa, load(y, at))).intoArray(y, at);
                }
            }
        }
    }

    /** In halves, as {@link Lanes#total}. */
    private static float total(FloatVector vector) {
        FloatVector sums = vector;
        for (int half = WIDTH / 2; half > 0; half /= 2) {
            sums = sums.add(sums.slice(half));
        }
        return sums.lane(0);
    }
}
