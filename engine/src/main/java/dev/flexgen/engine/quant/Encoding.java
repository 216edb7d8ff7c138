package dev.flexgen.engine.quant;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.DType;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How the numbers of a matrix or of a KV cache are encoded on the device that computes with them. A {@link DType} says how a
 * checkpoint stores a tensor; the loader may encode it differently. An encoding works on one row at a time: a range of rows is
 * a contiguous range of bytes. Immutable.
 */
public sealed interface Encoding {

    Encoding F32 = new Plain(DType.F32);
    Encoding F16 = new Plain(DType.F16);
    Encoding BF16 = new Plain(DType.BF16);

    /** 8 bits and no offset: 66 bytes for 64 numbers. */
    Encoding Q8 = new Grouped(8, 64, DType.F16, null);

    /** 4 bits: 36 bytes for 64 numbers. */
    Encoding Q4 = new Grouped(4, 64, DType.F16, DType.F16);

    /** Every encoding that settings can name. */
    List<Encoding> ALL = List.of(F32, F16, BF16, Q8, Q4);

    /** The encoding that keeps numbers as a checkpoint stores them. */
    static Encoding of(DType dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
        };
    }

    /** As settings and messages call it: "f16", "q4". */
    String name();

    /** Bytes of one row of {@code columns} numbers. */
    long rowBytes(int columns);

    /** A row may be cut in front of every column whose index is a multiple of this. */
    int columnAlignment();

    /** Bytes of {@code rows} rows. */
    long bytes(long rows, int columns);

    /**
     * The element type, for kernels that know nothing else.
     *
     * @throws EngineException of kind DEVICE if this encoding is not plain
     */
    DType elementType();

    /** One element after the other. */
    record Plain(DType dtype) implements Encoding {

        @Override
        public String name() {
            return dtype.name().toLowerCase(Locale.ROOT);
        }

        @Override
        public long rowBytes(int columns) {
            return dtype.bytes((long) columns);
        }

        @Override
        public long bytes(long rows, int columns) {
            return Math.multiplyExact(rows, rowBytes(columns));
        }

        @Override
        public int columnAlignment() {
            return 1;
        }

        @Override
        public DType elementType() {
            return dtype;
        }
    }

    /**
     * Groups of neighbouring columns that share a scale: {@code number = scale * integer + offset}. The last group of a row may
     * be partly empty; it takes as many bytes as the others.
     *
     * @param bits of one integer
     * @param groupSize columns of a group; they fill whole bytes
     * @param scale element type of the scale
     * @param offset element type of the offset, or none if it is always zero
     */
    record Grouped(
            int bits, int groupSize, DType scale, @Nullable DType offset) implements Encoding {

        public Grouped {
            if (bits < 1 || bits > 8) {
                throw new IllegalArgumentException(bits + " bits for an integer of a group, expected 1 to 8");
            }
            if (groupSize < 1 || groupSize * bits % 8 != 0) {
                throw new IllegalArgumentException(
                        "groups of " + groupSize + " integers of " + bits + " bits do not fill whole bytes");
            }
        }

        @Override
        public String name() {
            return "q" + bits;
        }

        /** Bytes of one group: its integers, its scale and its offset. */
        public int groupBytes() {
            return groupSize * bits / 8 + scale.bytes() + (offset == null ? 0 : offset.bytes());
        }

        @Override
        public long rowBytes(int columns) {
            return (long) Math.ceilDiv(columns, groupSize) * groupBytes();
        }

        @Override
        public long bytes(long rows, int columns) {
            return Math.multiplyExact(rows, rowBytes(columns));
        }

        @Override
        public int columnAlignment() {
            return groupSize;
        }

        @Override
        public DType elementType() {
            throw new EngineException(
                    EngineException.Kind.DEVICE, "There is no kernel for numbers encoded as " + name(), null);
        }
    }
}
