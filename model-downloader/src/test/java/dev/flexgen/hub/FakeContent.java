package dev.flexgen.hub;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Bytes that a hub has: in memory, in a file, or made up as they are read. */
public interface FakeContent {

    long bytes();

    /** Fills the buffer from a position on, as far as there is content. */
    void read(ByteBuffer buffer, long position) throws IOException;

    static FakeContent of(byte[] bytes) {
        return new FakeContent() {
            @Override
            public long bytes() {
                return bytes.length;
            }

            @Override
            public void read(ByteBuffer buffer, long position) {
                buffer.put(bytes, (int) position, (int) Math.min(buffer.remaining(), bytes.length - position));
            }
        };
    }

    static FakeContent ofFile(Path file) {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            long size = Files.size(file);
            return new FakeContent() {
                @Override
                public long bytes() {
                    return size;
                }

                @Override
                public void read(ByteBuffer buffer, long position) throws IOException {
                    channel.read(buffer, position);
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Random bytes that repeat after a length that fits no piece, so that a piece in the wrong place shows. */
    static FakeContent random(long seed, long size) {
        byte[] block = new byte[(int) Math.min(size, (1 << 20) - 3)];
        new Random(seed).nextBytes(block);
        return new FakeContent() {
            @Override
            public long bytes() {
                return size;
            }

            @Override
            public void read(ByteBuffer buffer, long position) {
                long at = position;
                while (buffer.hasRemaining() && at < size) {
                    int from = (int) (at % block.length);
                    int count = (int) Math.min(Math.min(buffer.remaining(), block.length - from), size - at);
                    buffer.put(block, from, count);
                    at += count;
                }
            }

            @Override
            public void copy(OutputStream out, long from, long to) throws IOException {
                for (long at = from; at < to; ) {
                    int first = (int) (at % block.length);
                    int count = (int) Math.min(block.length - first, to - at);
                    out.write(block, first, count);
                    at += count;
                }
            }
        };
    }

    /** In hexadecimal digits; with git's header for SHA-1. */
    default String hash(boolean lfs) {
        try {
            MessageDigest digest = MessageDigest.getInstance(lfs ? "SHA-256" : "SHA-1");
            if (!lfs) {
                digest.update(("blob " + bytes() + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
                copy(out, 0, bytes());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes the bytes between two positions. */
    default void copy(OutputStream out, long from, long to) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(256 << 10, to - from));
        for (long at = from; at < to; ) {
            buffer.clear().limit((int) Math.min(buffer.capacity(), to - at));
            read(buffer, at);
            out.write(buffer.array(), 0, buffer.position());
            at += buffer.position();
        }
    }
}
