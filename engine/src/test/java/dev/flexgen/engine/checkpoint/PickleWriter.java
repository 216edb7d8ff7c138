package dev.flexgen.engine.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes pickles instruction by instruction, good ones and bad ones. */
final class PickleWriter {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Starts like every pickle of torch.save. */
    PickleWriter() {
        raw(0x80, 2);
    }

    PickleWriter raw(int... bytes) {
        for (int b : bytes) {
            out.write(b);
        }
        return this;
    }

    PickleWriter text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        raw('X');
        out.writeBytes(littleEndian(utf8.length));
        out.writeBytes(utf8);
        return this;
    }

    PickleWriter whole(long value) {
        raw(0x8a, Long.BYTES);
        out.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
        return this;
    }

    PickleWriter global(String module, String name) {
        raw('c');
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    PickleWriter tuple(long... values) {
        raw('(');
        for (long value : values) {
            whole(value);
        }
        return raw('t');
    }

    PickleWriter storage(String storageClass, String key, long count) {
        int dot = storageClass.lastIndexOf('.');
        raw('(').text("storage").global(storageClass.substring(0, dot), storageClass.substring(dot + 1));
        return text(key).text("cpu").whole(count).raw('t', 'Q');
    }

    PickleWriter emptyHooks() {
        return global("collections", "OrderedDict").raw(')', 'R');
    }

    /** A call of _rebuild_tensor_v2. */
    PickleWriter tensor(String storageClass, String key, long count, long offset, long[] extents, long[] strides) {
        global("torch._utils", "_rebuild_tensor_v2").raw('(').storage(storageClass, key, count);
        return whole(offset)
                .tuple(extents)
                .tuple(strides)
                .raw(0x89)
                .emptyHooks()
                .raw('t', 'R');
    }

    /** One F16 vector that is all of storage {@code key}. */
    PickleWriter vector(String key, long count) {
        return tensor("torch.HalfStorage", key, count, 0, new long[] {count}, new long[] {1});
    }

    byte[] stop() {
        raw('.');
        return out.toByteArray();
    }

    static byte[] littleEndian(int value) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .array();
    }
}
