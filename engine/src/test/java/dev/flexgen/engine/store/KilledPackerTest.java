package dev.flexgen.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.SafetensorsWriter;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whenever a program that packs is killed, nothing half written is taken for a packed model, and the next one goes on. */
class KilledPackerTest {

    private static final int KILLS = Boolean.getBoolean("flexgen.full") ? 30 : 3;
    private static final int LAYERS = 4;
    private static final int WIDTH = 256;

    @TempDir
    Path folder;

    private final Random random = new Random(3);

    /** What is killed. */
    static final class Packer {

        private Packer() {}

        /** Packs {@code args[0]} into the store {@code args[1]}, and dwells on every piece so that it can be killed there. */
        public static void main(String[] args) {
            PackListener slow = new PackListener() {
                @Override
                public void progress(long done, long total) {
                    try {
                        Thread.sleep(10);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }

                @Override
                public void waiting() {}
            };
            new ModelPacker(new PackStore(Path.of(args[1])), 1, slow, new CancelToken())
                    .pack("key", "m", Path.of(args[0]), Encoding.Q4);
        }
    }

    @Test
    void whatIsThereIsWholeOrIsNotTakenForAModel() throws Exception {
        Path source = source();
        byte[] expected = weights(source, folder.resolve("expected"));
        int finished = 0;
        int unfinished = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Path store = folder.resolve("store");
            packAndKill(source, store);
            PackStore killed = new PackStore(store);
            if (killed.find("key", Encoding.Q4).isPresent()) {
                finished++;
            } else {
                unfinished++;
            }
            if (kill % 3 == 2 || killed.find("key", Encoding.Q4).isPresent()) {
                assertThat(weights(source, store)).isEqualTo(expected);
                PackStore.delete(store.resolve("key"));
            }
        }
        assertThat(unfinished).as("of %d, %d finished", KILLS, finished).isPositive();
    }

    private byte[] weights(Path source, Path store) throws IOException {
        PackedForm form = new ModelPacker(new PackStore(store), 2, PackListener.NONE, new CancelToken())
                .pack("key", "m", source, Encoding.Q4);
        return Files.readAllBytes(form.folder().resolve("weights.bin"));
    }

    private void packAndKill(Path source, Path store) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Packer.class.getName(),
                        source.toString(),
                        store.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Path list = store.resolve("key/q4.partial").resolve(Manifest.FILE);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.exists(list) && process.isAlive() && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            process.waitFor(random.nextInt(900), TimeUnit.MILLISECONDS);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** A model of random weights. */
    private Path source() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("config.json"), """
                {"model_type": "opt", "hidden_size": %d, "num_attention_heads": 4, "num_hidden_layers": %d,
                 "ffn_dim": %d, "vocab_size": 500, "max_position_embeddings": 64, "word_embed_proj_dim": %d}
                """.formatted(WIDTH, LAYERS, 4 * WIDTH, WIDTH));
        SafetensorsWriter writer = new SafetensorsWriter();
        add(writer, "embed_tokens", 500, WIDTH);
        add(writer, "embed_positions", 66, WIDTH);
        norm(writer, "final_layer_norm");
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "layers." + layer + ".";
            for (String name : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
                add(writer, prefix + "self_attn." + name, WIDTH, WIDTH);
            }
            add(writer, prefix + "fc1", 4 * WIDTH, WIDTH);
            add(writer, prefix + "fc2", WIDTH, 4 * WIDTH);
            norm(writer, prefix + "self_attn_layer_norm");
            norm(writer, prefix + "final_layer_norm");
        }
        writer.write(source);
        return source;
    }

    private void norm(SafetensorsWriter writer, String name) {
        writer.add("model.decoder." + name + ".weight", ElementType.F16, Shape.of(WIDTH), numbers(WIDTH));
        writer.add("model.decoder." + name + ".bias", ElementType.F16, Shape.of(WIDTH), numbers(WIDTH));
    }

    private void add(SafetensorsWriter writer, String name, int rows, int columns) {
        writer.add(
                "model.decoder." + name + ".weight", ElementType.F16, Shape.of(rows, columns), numbers(rows * columns));
    }

    private byte[] numbers(int count) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putShort(Float.floatToFloat16((float) (random.nextGaussian() * 0.02)));
        }
        return bytes.array();
    }
}
