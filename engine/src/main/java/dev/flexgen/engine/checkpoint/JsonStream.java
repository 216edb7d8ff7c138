package dev.flexgen.engine.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The bytes of a JSON text, refusing strings longer than any sane one: a parser must hold a string whole, so its length is
 * the one thing streaming does not bound.
 */
final class JsonStream extends InputStream {

    /** Training scripts do put whole configurations into metadata values. */
    static final int LONGEST_STRING = 16 << 20;

    private final MemorySegment json;
    private long position;
    private boolean inString;
    private boolean escaped;
    private int length;

    JsonStream(MemorySegment json) {
        this.json = json;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int wanted) throws IOException {
        long left = json.byteSize() - position;
        if (left == 0) {
            return -1;
        }
        int count = (int) Math.min(wanted, left);
        MemorySegment.copy(json, ValueLayout.JAVA_BYTE, position, target, offset, count);
        for (int i = offset; i < offset + count; i++) {
            follow(target[i]);
        }
        position += count;
        return count;
    }

    private void follow(byte b) throws IOException {
        if (!inString) {
            inString = b == '"';
            length = 0;
            return;
        }
        if (++length > LONGEST_STRING) {
            throw new IOException("a string of more than " + LONGEST_STRING + " bytes");
        }
        if (escaped) {
            escaped = false;
        } else if (b == '\\') {
            escaped = true;
        } else {
            inString = b != '"';
        }
    }
}
