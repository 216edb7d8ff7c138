package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.fail;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.NumpyWriter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damage of every kind to the parts of a file that describe the rest. Whatever happens, a file is read or an
 * {@link EngineException} says why not. Readers get the bytes without a file system where they can: that is much
 * quicker.
 */
class CheckpointFuzzTest {

    private static final long SEED = 20_240_229;
    private static final boolean FULL = Boolean.getBoolean("flexgen.full");
    private static final int CASES = FULL ? 20_000 : 8_000;
    private static final int CASES_OF_NUMPY = FULL ? 7_000 : 4_000;
    private static final int CASES_ON_DISK = FULL ? 20_000 : 1_000;
    private static final Duration LIMIT = Duration.ofSeconds(FULL ? 600 : 60);

    @TempDir
    Path folder;

    @Test
    void damagedSafetensorsAreReadOrRefused() throws IOException {
        // So short that damage soon hits its numbers and braces.
        String header = "{\"a\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[12,16]}}";
        byte[] small = Arrays.copyOf(new byte[] {(byte) header.length()}, 8 + header.length() + 16);
        System.arraycopy(header.getBytes(StandardCharsets.US_ASCII), 0, small, 8, header.length());
        byte[] golden = Files.readAllBytes(Fixtures.golden("opt-f16").resolve("model.safetensors"));

        fuzz(CASES, small, small.length, bytes -> read(WeightFormat.SAFETENSORS, bytes));
        fuzz(500, golden, 5_000, bytes -> read(WeightFormat.SAFETENSORS, bytes));
    }

    @Test
    void damagedTorchArchivesAreReadOrRefused() throws IOException {
        byte[] pickle = new PickleWriter()
                .raw('}', 'q', 0, '(')
                .text("a")
                .vector("0", 6)
                .text("b")
                .tensor("torch.FloatStorage", "1", 6, 1, new long[] {2, 2}, new long[] {1, 2})
                .raw('u')
                .stop();
        Path path = ZipWriter.write(
                folder.resolve("small.bin"),
                zip -> zip.entry("m/data.pkl", pickle)
                        .text("m/byteorder", "little")
                        .entry("m/data/0", new byte[12])
                        .entry("m/data/1", new byte[24]));
        byte[] small = Files.readAllBytes(path);
        byte[] golden = Files.readAllBytes(Fixtures.golden("opt-f16-bin").resolve("pytorch_model.bin"));

        fuzz(CASES, small, small.length, bytes -> read(WeightFormat.TORCH, bytes));
        fuzz(500, golden, 8_000, bytes -> read(WeightFormat.TORCH, bytes));
    }

    @Test
    void damagedNumpyFilesAreReadOrRefused() {
        for (int version = 1; version <= 3; version++) {
            String header = NumpyWriter.header("<f2", Shape.of(2, 3));
            byte[] small = NumpyWriter.bytes(version, header, new byte[12]);
            fuzz(CASES_OF_NUMPY, small, small.length, bytes -> {
                var file = new MappedFile(folder.resolve("damaged"), MemorySegment.ofArray(bytes));
                touch(NumpyFile.read(file).data());
            });
        }
    }

    @Test
    void damagedIndexesAreReadOrRefused() throws IOException {
        Path index = folder.resolve("pytorch_model.bin.index.json");
        byte[] golden = Files.readAllBytes(Fixtures.golden("opt-f16-bin-sharded")
                .resolve(index.getFileName().toString()));

        fuzz(CASES_ON_DISK, golden, golden.length, bytes -> {
            try {
                Files.write(index, bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            assertThat(ShardIndex.read(index).values())
                    .allMatch(file -> file.normalize().startsWith(folder));
        });
    }

    private void read(WeightFormat format, byte[] bytes) {
        var file = new MappedFile(folder.resolve("damaged"), MemorySegment.ofArray(bytes));
        Map<String, StoredTensor> tensors = format.read(file);
        try (Arena arena = Arena.ofConfined()) {
            for (StoredTensor tensor : tensors.values()) {
                if (tensor.type().held().isPresent()) {
                    touch(tensor.contiguous(arena));
                }
            }
        }
    }

    private static void touch(MemorySegment data) {
        if (data.byteSize() > 0) {
            data.get(ValueLayout.JAVA_BYTE, 0);
            data.get(ValueLayout.JAVA_BYTE, data.byteSize() - 1);
        }
    }

    private void fuzz(int rounds, byte[] whole, int described, Consumer<byte[]> reader) {
        var random = new Random(SEED);
        int[] outcomes = new int[2];
        assertTimeoutPreemptively(LIMIT, () -> {
            for (int round = 0; round < rounds; round++) {
                outcomes[succeeds(reader, damage(whole, described, random), round) ? 1 : 0]++;
            }
        });
        assertThat(outcomes[0]).as("refused").isPositive();
        assertThat(outcomes[1]).as("read").isPositive();
    }

    private boolean succeeds(Consumer<byte[]> reader, byte[] bytes, int round) {
        try {
            reader.accept(bytes);
            return true;
        } catch (EngineException e) {
            assertThat(e.getMessage()).contains(folder.toString()).doesNotContain("\n");
            return false;
        } catch (Throwable e) {
            return fail("round " + round, e);
        }
    }

    /** Changes some of the first {@code described} or the last hundred bytes, or cuts the file off. */
    private static byte[] damage(byte[] whole, int described, Random random) {
        byte[] damaged = random.nextInt(10) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
        if (damaged.length == 0) {
            return damaged;
        }
        int hits = 1 + random.nextInt(1 + random.nextInt(8));
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
}
