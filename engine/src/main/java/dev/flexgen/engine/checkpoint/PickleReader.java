package dev.flexgen.engine.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Reads the operands of pickle instructions one after the other; an end that comes too soon is refused. */
final class PickleReader {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Signals an operand that the pickle does not hold or that is out of bounds; {@link Unpickler} adds the place. */
    static final class OperandException extends Exception {
        private static final long serialVersionUID = 1L;

        OperandException(String message) {
            super(message);
        }
    }

    private final MemorySegment pickle;
    private long position;

    PickleReader(MemorySegment pickle) {
        this.pickle = pickle;
    }

    long position() {
        return position;
    }

    int unsignedByte() throws OperandException {
        return Byte.toUnsignedInt(pickle.get(ValueLayout.JAVA_BYTE, advance(1)));
    }

    int unsignedShort() throws OperandException {
        return unsignedByte() | (unsignedByte() << Byte.SIZE);
    }

    int signedInt() throws OperandException {
        return pickle.get(INT, advance(Integer.BYTES));
    }

    void skip(int bytes) throws OperandException {
        advance(bytes);
    }

    /** Two's complement of {@code length} bytes. */
    long whole(int length) throws OperandException {
        if (length > Long.BYTES) {
            throw new OperandException("holds a number of " + length + " bytes, more than any size needs");
        }
        long value = 0;
        for (int i = 0; i < length; i++) {
            value |= (long) unsignedByte() << (i * Byte.SIZE);
        }
        int unused = Long.SIZE - length * Byte.SIZE;
        return length == 0 ? 0 : value << unused >> unused;
    }

    /** Eight bytes; a number beyond 2^63 comes out negative. */
    long signedLong() throws OperandException {
        return pickle.get(LONG, advance(Long.BYTES));
    }

    String text(long length, int longest) throws OperandException {
        if (length < 0 || length > longest) {
            throw new OperandException("holds a text of "
                    + Long.toUnsignedString(length < 0 && length >= Integer.MIN_VALUE ? length & 0xffff_ffffL : length)
                    + " bytes, more than the " + longest + " allowed");
        }
        byte[] bytes = pickle.asSlice(advance(length), length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Up to a line feed, which is consumed. */
    String line(int longest) throws OperandException {
        var line = new StringBuilder();
        for (int b = unsignedByte(); b != '\n'; b = unsignedByte()) {
            if (line.length() == longest) {
                throw new OperandException("holds a name of more than " + longest + " bytes");
            }
            line.append((char) b);
        }
        return line.toString();
    }

    private long advance(long bytes) throws OperandException {
        if (bytes > pickle.byteSize() - position) {
            throw new OperandException("is cut off by the end of the pickle");
        }
        long start = position;
        position += bytes;
        return start;
    }
}
