package dev.flexgen.engine.device;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.quant.GroupCodec;
import dev.flexgen.engine.quant.GroupQuantizer;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Reproducible operands of any shape and element type. */
public final class RandomOperands {

    /** Drawing a normal number anew for each operand took most of the time of the suites. A prime, so that no width repeats them. */
    private static final float[] NORMAL = normal(65_537);

    private final SegmentAllocator memory;
    private final long matrixOffset;
    private final Random random;
    private int next;

    /** Matrices at odd addresses, as mapped files have them. */
    public RandomOperands(SegmentAllocator memory, long seed) {
        this(memory, seed, 1);
    }

    /** @param matrixOffset bytes by which a matrix misses the alignment that {@code memory} gives */
    public RandomOperands(SegmentAllocator memory, long seed, long matrixOffset) {
        this.memory = memory;
        this.matrixOffset = matrixOffset;
        this.random = new Random(seed);
        this.next = random.nextInt(NORMAL.length);
    }

    private static float[] normal(int count) {
        Random random = new Random(7);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) random.nextGaussian();
        }
        return numbers;
    }

    private float normal() {
        next = next + 1 == NORMAL.length ? 0 : next + 1;
        return NORMAL[next];
    }

    public Rows rows(int count, int width) {
        return rows(count, width, 0);
    }

    /** Rows of which {@code zeros} (a share) are zero, as after a ReLU. */
    public Rows rows(int count, int width, double zeros) {
        MemorySegment data = memory.allocate(4L * count * width);
        for (int i = 0; i < count * width; i++) {
            float value = zeros > 0 && random.nextDouble() < zeros ? 0 : normal();
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
        return new Rows(data, count, width);
    }

    public Matrix matrix(Encoding encoding, int rows, int columns) {
        long bytes = encoding.bytes(rows, columns);
        MemorySegment data = memory.allocate(matrixOffset + bytes).asSlice(matrixOffset);
        fill(encoding, rows, columns, data);
        return new Matrix(encoding, rows, columns, data);
    }

    private void fill(Encoding encoding, int rows, int columns, MemorySegment data) {
        switch (encoding) {
            case Encoding.Plain plain -> fill(plain.dtype(), data);
            case Encoding.Grouped grouped -> {
                GroupCodec codec = new GroupCodec(grouped, GroupQuantizer.MIN_MAX);
                for (int row = 0; row < rows; row++) {
                    codec.encode(numbers(row, columns), 0, columns, data.asSlice(row * grouped.rowBytes(columns)));
                }
            }
        }
    }

    /** A row with groups of small numbers, of equal ones, and of nothing but zeros. */
    private float[] numbers(int row, int columns) {
        float[] numbers = new float[columns];
        for (int i = 0; i < columns; i++) {
            float value = normal();
            numbers[i] = switch ((row + i / 64) % 13) {
                case 3 -> value * 1e-3f;
                case 5 -> 0.375f;
                case 7 -> 0;
                default -> value;
            };
        }
        return numbers;
    }

    private void fill(DType dtype, MemorySegment data) {
        for (long i = 0; i < data.byteSize() / dtype.bytes(); i++) {
            // Subnormal halves must come through too.
            float value = normal() * (i % 17 == 0 ? 1e-6f : 1);
            switch (dtype) {
                case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, value);
                case F16 -> data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, Float.floatToFloat16(value));
                case BF16 ->
                    data.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
    }

    public MemorySegment vector(int length) {
        return rows(1, length).data();
    }

    /** A cache that holds what other tokens left there. */
    public KvView cache(Encoding encoding, int heads, int headDim, int blockTokens, int capacity) {
        List<MemorySegment> keys = new ArrayList<>();
        List<MemorySegment> values = new ArrayList<>();
        for (int i = 0; i < Math.ceilDiv(capacity, blockTokens); i++) {
            long bytes = encoding.bytes((long) heads * blockTokens, headDim);
            for (List<MemorySegment> blocks : List.of(keys, values)) {
                MemorySegment block = memory.allocate(bytes);
                fill(encoding, heads * blockTokens, headDim, block);
                blocks.add(block);
            }
        }
        return new KvView(encoding, heads, headDim, blockTokens, keys, values);
    }

    public int[] indices(int count, int bound) {
        return random.ints(count, 0, bound).toArray();
    }
}
