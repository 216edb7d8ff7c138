package dev.flexgen.engine;

import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes a {@code model.safetensors} of given tensors. */
public final class SafetensorsWriter {

    private final List<String> header = new ArrayList<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    public SafetensorsWriter add(String name, Tensor tensor) {
        return add(name, tensor.type(), tensor.shape(), tensor.data().toArray(ValueLayout.JAVA_BYTE));
    }

    /** The tensor's numbers as F32. */
    public SafetensorsWriter addWidened(String name, Tensor half) {
        int count = (int) half.shape().elements();
        ByteBuffer floats = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        MemorySegment source = half.data();
        for (int i = 0; i < count; i++) {
            floats.putFloat(Float.float16ToFloat(source.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i)));
        }
        return add(name, ElementType.F32, half.shape(), floats.array());
    }

    /** The tensor's F32 numbers as F64. */
    public SafetensorsWriter addDoubles(String name, Tensor single) {
        int count = (int) single.shape().elements();
        ByteBuffer doubles = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            doubles.putDouble(single.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i));
        }
        return add(name, ElementType.F64, single.shape(), doubles.array());
    }

    /** An entry of the metadata. */
    public SafetensorsWriter metadata(String key, String value) {
        header.add("\"__metadata__\":{\"%s\":\"%s\"}".formatted(key, value));
        return this;
    }

    public SafetensorsWriter add(String name, ElementType dtype, Shape shape, byte[] bytes) {
        int begin = data.size();
        data.writeBytes(bytes);
        header.add("\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(name, dtype, shape, begin, data.size()));
        return this;
    }

    public void write(Path folder) throws IOException {
        write(folder, "model.safetensors");
    }

    public void write(Path folder, String file) throws IOException {
        byte[] json = ("{" + String.join(",", header) + "}").getBytes(StandardCharsets.UTF_8);
        byte[] bytes = data.toByteArray();
        Files.write(
                folder.resolve(file),
                ByteBuffer.allocate(Long.BYTES + json.length + bytes.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(json.length)
                        .put(json)
                        .put(bytes)
                        .array());
    }
}
