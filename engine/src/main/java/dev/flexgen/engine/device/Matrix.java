package dev.flexgen.engine.device;

import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Weights in their stored element type, row-major. // [rows, columns]
 *
 * <p>In an <em>up</em> projection a row belongs to one output and is a dot product; in a <em>down</em> projection it belongs
 * to one input and is scaled and added. Either way a range of rows is a contiguous range of bytes.
 */
public record Matrix(DType dtype, int rows, int columns, MemorySegment data) {

    public Matrix {
        if (data.byteSize() != dtype.bytes((long) rows * columns)) {
            throw new IllegalArgumentException(
                    dtype + " [" + rows + ", " + columns + "] in " + data.byteSize() + " bytes");
        }
    }

    public long rowBytes() {
        return dtype.bytes(columns);
    }

    public long bytes() {
        return data.byteSize();
    }
}
