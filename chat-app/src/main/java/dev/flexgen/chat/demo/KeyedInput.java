package dev.flexgen.chat.demo;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The lines of a keyboard as a stream, for programs that read standard input. Owned by one thread. */
final class KeyedInput extends InputStream {

    private final KeyedLines lines;
    private byte[] line = new byte[0];
    private int at;

    KeyedInput(KeyedLines lines) {
        this.lines = lines;
    }

    @Override
    public int read() {
        return hasMore() ? line[at++] & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        if (!hasMore()) {
            return -1;
        }
        int count = Math.min(length, line.length - at);
        System.arraycopy(line, at, bytes, offset, count);
        at += count;
        return count;
    }

    /** Whether the line has more, or there is another. */
    private boolean hasMore() {
        if (at == line.length) {
            String next = lines.readLine("");
            if (next == null) {
                return false;
            }
            line = (next + "\n").getBytes(StandardCharsets.UTF_8);
            at = 0;
        }
        return true;
    }
}
