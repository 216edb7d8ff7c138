package dev.flexgen.chat.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An OPT of random weights, large enough that a long reply takes seconds and can be interrupted; it never ends one. */
final class SlowModel {

    private static final int WIDTH = 512;
    private static final int NEURONS = 2048;
    private static final int LAYERS = 6;
    private static final int VOCABULARY = 931;
    private static final int POSITIONS = 2048;

    private SlowModel() {}

    /** Writes it into {@code folder}, with the tokenizer of the model {@code like}. */
    static Path write(Path folder, Path like) throws IOException {
        Files.createDirectories(folder);
        for (String file : new String[] {"tokenizer.json", "vocab.json", "merges.txt"}) {
            Files.copy(like.resolve(file), folder.resolve(file));
        }
        Files.writeString(
                folder.resolve("config.json"), """
                {"model_type": "opt", "hidden_size": %d, "ffn_dim": %d, "num_hidden_layers": %d, "vocab_size": %d,
                 "max_position_embeddings": %d, "num_attention_heads": 8, "word_embed_proj_dim": %d,
                 "bos_token_id": 2, "eos_token_id": null}
                """.formatted(WIDTH, NEURONS, LAYERS, VOCABULARY, POSITIONS, WIDTH));
        writeWeights(folder.resolve("model.safetensors"), shapes());
        return folder;
    }

    private static Map<String, int[]> shapes() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("decoder.embed_tokens.weight", new int[] {VOCABULARY, WIDTH});
        shapes.put("decoder.embed_positions.weight", new int[] {POSITIONS + 2, WIDTH});
        linear(shapes, "decoder.final_layer_norm", WIDTH);
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = "decoder.layers." + layer + ".";
            linear(shapes, name + "self_attn_layer_norm", WIDTH);
            for (String projection : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
                linear(shapes, name + "self_attn." + projection, WIDTH, WIDTH);
            }
            linear(shapes, name + "final_layer_norm", WIDTH);
            linear(shapes, name + "fc1", NEURONS, WIDTH);
            linear(shapes, name + "fc2", WIDTH, NEURONS);
        }
        return shapes;
    }

    private static void linear(Map<String, int[]> shapes, String name, int... shape) {
        shapes.put(name + ".weight", shape);
        shapes.put(name + ".bias", new int[] {shape[0]});
    }

    private static void writeWeights(Path file, Map<String, int[]> shapes) throws IOException {
        long offset = 0;
        var header = new StringBuilder("{");
        for (var tensor : shapes.entrySet()) {
            long end = offset + 4L * size(tensor.getValue());
            String shape =
                    IntStream.of(tensor.getValue()).mapToObj(Integer::toString).collect(Collectors.joining(","));
            header.append(offset == 0 ? "" : ",")
                    .append("\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                            .formatted(tensor.getKey(), shape, offset, end));
            offset = end;
        }
        byte[] json = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(json.length)
                    .array());
            out.write(json);
            var random = new Random(1);
            for (int[] shape : shapes.values()) {
                var values = ByteBuffer.allocate(4 * size(shape)).order(ByteOrder.LITTLE_ENDIAN);
                while (values.hasRemaining()) {
                    values.putFloat((float) random.nextGaussian() * 0.1f);
                }
                out.write(values.array());
            }
        }
    }

    private static int size(int[] shape) {
        return IntStream.of(shape).reduce(1, (a, b) -> a * b);
    }
}
