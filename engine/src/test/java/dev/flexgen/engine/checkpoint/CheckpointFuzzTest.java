package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.flexgen.engine.EngineException;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damage of every kind to the parts of a file that describe the rest. Whatever happens, a checkpoint opens or says in an
 * {@link EngineException} why not.
 */
class CheckpointFuzzTest {

    private static final int ROUNDS = 3_000;
    private static final long SEED = 20_240_229;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @Test
    void damagedSafetensorsOpenOrAreRefused() throws IOException {
        byte[] whole = Files.readAllBytes(Fixtures.golden("opt-f16").resolve("model.safetensors"));
        int header = 8 + (whole[0] & 0xff) + ((whole[1] & 0xff) << 8);

        fuzz("model.safetensors", shortened(), header / 4);
        fuzz("model.safetensors", whole, header);
    }

    @Test
    void damagedPicklesOpenOrAreRefused() throws IOException {
        byte[] pickle = new PickleWriter()
                .raw('}', 'q', 0, '(')
                .text("a")
                .vector("0", 6)
                .text("b")
                .tensor("torch.FloatStorage", "1", 6, 1, new long[] {2, 2}, new long[] {1, 2})
                .raw('u')
                .stop();
        Path path = ZipWriter.write(
                folder.resolve("pytorch_model.bin"),
                zip -> zip.entry("m/data.pkl", pickle)
                        .text("m/byteorder", "little")
                        .entry("m/data/0", new byte[12])
                        .entry("m/data/1", new byte[24]));
        byte[] small = Files.readAllBytes(path);
        fuzz("pytorch_model.bin", small, small.length);

        byte[] whole = Files.readAllBytes(Fixtures.golden("opt-f16-bin").resolve("pytorch_model.bin"));
        fuzz("pytorch_model.bin", whole, 8_000);
    }

    @Test
    void damagedIndexesOpenOrAreRefused() throws IOException {
        Path source = Fixtures.golden("opt-f16-bin-sharded");
        for (String shard : new String[] {"pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"}) {
            Files.copy(source.resolve(shard), folder.resolve(shard));
        }
        byte[] index = Files.readAllBytes(source.resolve("pytorch_model.bin.index.json"));

        fuzz("pytorch_model.bin.index.json", index, index.length);
    }

    /** A header so short that damage soon hits its numbers and braces. */
    private static byte[] shortened() {
        String header = "{\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[12,16]}}";
        byte[] file = Arrays.copyOf(new byte[] {(byte) header.length()}, 8 + header.length() + 16);
        for (int i = 0; i < header.length(); i++) {
            file[8 + i] = (byte) header.charAt(i);
        }
        return file;
    }

    /** Damages the first {@code described} bytes, and now and then the last hundred. */
    private void fuzz(String name, byte[] whole, int described) {
        var random = new Random(SEED);
        Path path = folder.resolve(name);
        int[] outcomes = new int[2];
        Assertions.assertTimeoutPreemptively(LIMIT, () -> {
            for (int round = 0; round < ROUNDS; round++) {
                // The model stays small and the rounds quick: only what describes it and a little data are varied.
                byte[] damaged = damage(whole, Math.min(described, whole.length), random);
                Files.write(path, damaged);
                outcomes[opens(round) ? 1 : 0]++;
            }
        });
        assertThat(outcomes[0]).as("refused").isPositive();
    }

    private static byte[] damage(byte[] whole, int described, Random random) {
        byte[] damaged = random.nextInt(10) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
        if (damaged.length == 0) {
            return damaged;
        }
        int hits = random.nextInt(1 + random.nextInt(8)) + (damaged.length == whole.length ? 1 : 0);
        for (int i = 0; i < hits; i++) {
            int at = random.nextInt(4) == 0
                    ? damaged.length - 1 - random.nextInt(Math.min(damaged.length, 100))
                    : random.nextInt(Math.min(described, damaged.length));
            damaged[at] = switch (random.nextInt(4)) {
                case 0 -> (byte) random.nextInt(256);
                case 1 -> (byte) (damaged[at] ^ (1 << random.nextInt(8)));
                case 2 -> (byte) (random.nextBoolean() ? 0xff : 0);
                default -> damaged[random.nextInt(damaged.length)];
            };
        }
        return damaged;
    }

    private boolean opens(int round) {
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            for (String name : checkpoint.names()) {
                touch(checkpoint.tensor(name));
            }
            return true;
        } catch (EngineException e) {
            assertThat(e.getMessage()).contains(folder.toString()).doesNotContain("\n");
            return false;
        } catch (Throwable e) {
            return fail("round " + round, e);
        }
    }

    private static void touch(Tensor tensor) {
        long bytes = tensor.data().byteSize();
        if (bytes > 0) {
            tensor.data().get(ValueLayout.JAVA_BYTE, 0);
            tensor.data().get(ValueLayout.JAVA_BYTE, bytes - 1);
        }
    }
}
