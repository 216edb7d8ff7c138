package dev.flexgen.engine.weights;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where a matrix and the bias behind it lie in a block.
 *
 * @param biasAt {@link #NO_BIAS} if there is none
 */
public record MatrixLayout(Encoding encoding, int rows, int columns, long weightAt, long biasAt) {

    public static final long NO_BIAS = -1;

    /** Wide enough for any vector load, on any device. */
    static final long ALIGNMENT = 256;

    /** A part behind the first {@code from} bytes of a block. */
    public static MatrixLayout after(long from, Encoding encoding, int rows, int columns, boolean bias) {
        long weightAt = align(from, ALIGNMENT);
        long weightEnd = weightAt + encoding.bytes(rows, columns);
        return new MatrixLayout(encoding, rows, columns, weightAt, bias ? align(weightEnd, ALIGNMENT) : NO_BIAS);
    }

    public static long align(long bytes, long unit) {
        return Math.ceilDiv(bytes, unit) * unit;
    }

    /** The same by so many bytes further back. */
    MatrixLayout behind(long bytes) {
        return new MatrixLayout(
                encoding, rows, columns, weightAt + bytes, biasAt == NO_BIAS ? NO_BIAS : biasAt + bytes);
    }

    public long end() {
        return biasAt == NO_BIAS ? weightAt + weightBytes() : biasAt + 4L * rows;
    }

    private long weightBytes() {
        return encoding.bytes(rows, columns);
    }

    public Matrix matrix(MemorySegment block) {
        return new Matrix(encoding, rows, columns, block.asSlice(weightAt, weightBytes()));
    }

    /** Some of its rows. */
    Matrix rows(MemorySegment block, int from, int to) {
        long rowBytes = encoding.rowBytes(columns);
        return new Matrix(
                encoding, to - from, columns, block.asSlice(weightAt + from * rowBytes, (to - from) * rowBytes));
    }

    /** The bias as F32, one per row. */
    @Nullable
    public MemorySegment bias(MemorySegment block) {
        return biasAt == NO_BIAS ? null : block.asSlice(biasAt, 4L * rows);
    }

    public Linear linear(MemorySegment block) {
        return new Linear(matrix(block), bias(block));
    }
}
