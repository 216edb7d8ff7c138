package dev.flexgen.engine;

import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** Writes numpy's {@code .npy} files, byte for byte as numpy 2 does, and whole folders of them as FlexGen does. */
public final class NumpyWriter {

    private NumpyWriter() {}

    /** FlexGen's conversion of a golden model, without a {@code config.json}. */
    public static void convert(String model, Path folder) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(Fixtures.golden(model))) {
            for (String name : checkpoint.names()) {
                Tensor tensor = checkpoint.tensor(name);
                write(folder.resolve(flexGenName(name)), tensor);
                if (name.endsWith("embed_tokens.weight")) {
                    write(folder.resolve("lm_head.weight"), tensor);
                }
            }
        }
    }

    private static String flexGenName(String name) {
        return name.replaceFirst("^model\\.", "").replaceFirst("^decoder\\.final_layer_norm\\.", "decoder.layer_norm.");
    }

    private static void write(Path file, Tensor tensor) throws IOException {
        String descr = switch (tensor.dtype()) {
            case F32 -> "<f4";
            case F16 -> "<f2";
            case BF16 -> "|V2";
        };
        write(file, header(descr, tensor.shape()), tensor.data().toArray(ValueLayout.JAVA_BYTE));
    }

    /** A file of version 1.0. */
    public static void write(Path file, String header, byte[] data) throws IOException {
        Files.write(file, bytes(1, header, data));
    }

    /** A file of zeros that takes no room on the disk. */
    public static void writeSparse(Path file, String descr, int elementBytes, long... extents) throws IOException {
        Shape shape = Shape.of(extents);
        byte[] start = bytes(1, header(descr, shape), new byte[0]);
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.write(start);
            sparse.setLength(start.length + elementBytes * shape.elements());
        }
    }

    /** The dictionary alone. */
    public static String header(String descr, Shape shape) {
        String extents = shape.extents().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }"
                .formatted(descr, shape.rank() == 1 ? extents + "," : extents);
    }

    public static byte[] bytes(int version, String header, byte[] data) {
        int fixed = version == 1 ? 10 : 12;
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        int start = (fixed + text.length + 1 + 63) / 64 * 64;
        ByteBuffer file = ByteBuffer.allocate(start + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        if (version == 1) {
            file.putShort((short) (start - fixed));
        } else {
            file.putInt(start - fixed);
        }
        file.put(text);
        while (file.position() < start - 1) {
            file.put((byte) ' ');
        }
        return file.put((byte) '\n').put(data).array();
    }
}
