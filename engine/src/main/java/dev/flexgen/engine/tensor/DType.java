package dev.flexgen.engine.tensor;

/** Element type of stored numbers. */
public enum DType {
    /** IEEE 754 single precision. */
    F32(4),
    /** IEEE 754 half precision. */
    F16(2),
    /** The upper half of a single: 8 exponent and 7 fraction bits. */
    BF16(2);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** Bytes of {@code elements} elements. */
    public long bytes(long elements) {
        return Math.multiplyExact(elements, (long) bytes);
    }
}
