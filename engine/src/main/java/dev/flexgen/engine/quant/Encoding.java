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

    /** 3 bits: 28 bytes for 64 numbers. */
    Encoding Q3 = new Grouped(3, 64, DType.F16, DType.F16);

    /** Every encoding that settings can name. */
    List<Encoding> ALL = List.of(F32, F16, BF16, Q8, Q4, Q3);

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
        public DType elementType() {
            return dtype;
        }
    }

    /**
     * Groups of neighbouring columns that share a scale: {@code number = scale * integer + offset}. With an offset the integers
     * are unsigned, without one signed. The last group of a row may be partly empty; it takes as many bytes as the others.
     *
     * <p>A row holds first the integers of all its groups, then a scale and an offset for each group, then zeros up to a
     * multiple of {@value #ROW_ALIGNMENT} bytes. Integers of 8 bits follow each other. Of fewer bits, 8 words hold a group:
     * column {@code 8 * k + w} is field {@code k} of word {@code w}, from the lowest bits on. A word of 4-bit integers is 4
     * neighbouring bytes; of 3-bit integers byte {@code b} of word {@code w} is byte {@code 8 * b + w} of the group. So 8 lanes
     * decode 8 neighbouring columns at a time by a shift.
     *
     * @param bits of one integer: 3, 4 or 8
     * @param groupSize columns of a group
     * @param scale element type of the scale
     * @param offset element type of the offset, or none if it is always zero
     */
    record Grouped(
            int bits, int groupSize, DType scale, @Nullable DType offset) implements Encoding {

        /** Rows begin at multiples of this many bytes: as wide as the widest load of a GPU. */
        public static final int ROW_ALIGNMENT = 16;

        /** Words that hold a group whose integers are narrower than a byte. */
        public static final int WORDS = 8;

        public Grouped {
            if (bits != 3 && bits != 4 && bits != 8) {
                throw new IllegalArgumentException(bits + " bits for an integer of a group, expected 3, 4 or 8");
            }
            if (groupSize != WORDS * 8) {
                throw new IllegalArgumentException("groups of " + groupSize + " integers, expected " + WORDS * 8);
            }
        }

        @Override
        public String name() {
            return "q" + bits;
        }

        /** Bytes of one group: its integers, its scale and its offset. */
        public int groupBytes() {
            return integerBytes() + scaleBytes();
        }

        /** Bytes of the integers of one group. */
        public int integerBytes() {
            return groupSize * bits / 8;
        }

        /** Bytes of the scale of one group and of its offset. */
        public int scaleBytes() {
            return scale.bytes() + (offset == null ? 0 : offset.bytes());
        }

        public int groups(int columns) {
            return Math.ceilDiv(columns, groupSize);
        }

        /** Where in a row its first scale is. */
        public long scalesAt(int columns) {
            return (long) groups(columns) * integerBytes();
        }

        @Override
        public long rowBytes(int columns) {
            return Math.ceilDiv((long) groups(columns) * groupBytes(), ROW_ALIGNMENT) * ROW_ALIGNMENT;
        }

        @Override
        public long bytes(long rows, int columns) {
            return Math.multiplyExact(rows, rowBytes(columns));
        }

        @Override
        public DType elementType() {
            throw new EngineException(
                    EngineException.Kind.DEVICE, "There is no kernel for numbers encoded as " + name(), null);
        }
    }
}
