package dev.flexgen.engine.quant;

import dev.flexgen.engine.SafetensorsWriter;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.quant.Encoding.Grouped;
import dev.flexgen.engine.tensor.BFloat16;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * An OPT model in F32 whose matrices were quantised and turned back into numbers by the reference codec: what any way of choosing
 * scales costs, whatever the kernels do.
 */
public final class DequantisedModel {

    private DequantisedModel() {}

    /**
     * Writes it into {@code target}, with the other files of {@code source}.
     *
     * @return mean squared error of the matrices inside the layers
     */
    public static double write(Path source, Path target, Grouped encoding, GroupQuantizer quantizer)
            throws IOException {
        copyFiles(source, target);
        SafetensorsWriter writer = new SafetensorsWriter();
        double error = 0;
        long count = 0;
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            for (String name : checkpoint.names().stream().sorted().toList()) {
                Tensor tensor = checkpoint.tensor(name);
                float[] numbers = numbers(tensor);
                float[] decoded = numbers;
                if (tensor.shape().rank() == 2 && !name.contains("embed_positions")) {
                    boolean inLayer = name.contains("layers.");
                    boolean down = name.contains("out_proj") || name.contains("fc2");
                    Grouped chosen = inLayer ? encoding : (Grouped) Encoding.Q8;
                    int rows = (int) tensor.shape().extent(0);
                    int columns = (int) tensor.shape().extent(1);
                    decoded = down
                            ? turned(
                                    through(turned(numbers, rows, columns), rows, new GroupCodec(chosen, quantizer)),
                                    columns,
                                    rows)
                            : through(numbers, columns, new GroupCodec(chosen, quantizer));
                    for (int i = 0; inLayer && i < numbers.length; i++) {
                        error += Math.pow((double) numbers[i] - decoded[i], 2);
                        count++;
                    }
                }
                ByteBuffer bytes = ByteBuffer.allocate(4 * decoded.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(decoded);
                writer.add(name, ElementType.F32, tensor.shape(), bytes.array());
            }
        }
        writer.write(target);
        return error / count;
    }

    private static void copyFiles(Path source, Path target) throws IOException {
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(source)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".json")).toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
    }

    private static float[] numbers(Tensor tensor) {
        float[] numbers = new float[(int) tensor.shape().elements()];
        MemorySegment data = tensor.data();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = switch (tensor.dtype()) {
                case F32 -> data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
                case F16 -> Float.float16ToFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
                case BF16 -> BFloat16.toFloat(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
            };
        }
        return numbers;
    }

    private static float[] turned(float[] numbers, int rows, int columns) {
        float[] turned = new float[numbers.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                turned[c * rows + r] = numbers[r * columns + c];
            }
        }
        return turned;
    }

    private static float[] through(float[] numbers, int columns, GroupCodec codec) {
        MemorySegment row =
                MemorySegment.ofArray(new byte[(int) codec.encoding().rowBytes(columns)]);
        float[] decoded = new float[numbers.length];
        for (int at = 0; at < numbers.length; at += columns) {
            codec.encode(numbers, at, columns, row);
            codec.decode(row, columns, decoded, at);
        }
        return decoded;
    }
}
