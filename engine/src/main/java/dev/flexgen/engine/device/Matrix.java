package dev.flexgen.engine.device;

import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Weights as a device computes with them, row-major. // [rows, columns]
 *
 * <p>In an <em>up</em> projection a row belongs to one output and is a dot product; in a <em>down</em> projection it belongs
 * to one input and is scaled and added. Either way a range of rows is a contiguous range of bytes.
 */
public record Matrix(Encoding encoding, int rows, int columns, MemorySegment data) {

    public Matrix {
        if (data.byteSize() != encoding.bytes(rows, columns)) {
            throw new IllegalArgumentException(
                    encoding.name() + " [" + rows + ", " + columns + "] in " + data.byteSize() + " bytes");
        }
    }

    /**
     * The element type of plain weights.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE, by name, if they are encoded in groups
     */
    public DType dtype() {
        return encoding.elementType();
    }

    public long rowBytes() {
        return encoding.rowBytes(columns);
    }

    public long bytes() {
        return data.byteSize();
    }
}
