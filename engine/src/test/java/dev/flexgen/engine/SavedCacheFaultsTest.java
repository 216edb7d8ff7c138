package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.base.KvFileFault;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A file of keys and values that is damaged, cut off or another model's is noticed, and harms nothing. */
@Timeout(120)
class SavedCacheFaultsTest extends SavedCaches {

    /** What comes before the list of tokens, and some of that. */
    private static final int BEGINNING = 400;

    @ParameterizedTest
    @EnumSource(
            value = KvType.class,
            names = {"F16", "Q4"})
    void everyFlippedBitIsNoticedAndWhatComesBeforeItIsUsed(KvType kv) throws IOException {
        int[] next = join(TEXT, 7);
        try (OpenModel engine = tiny(kv);
                Session session = engine.session();
                Session reading = engine.session()) {
            prefill(session, TEXT);
            save(session);
            float[] expected = prefill(session, next);
            byte[] whole = Files.readAllBytes(file());
            Random random = new Random(9);
            for (int i = 0; i < BEGINNING + 300; i++) {
                int at = i < BEGINNING ? i : random.nextInt(whole.length);
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file(), damaged);
                prefill(reading, 1);
                KvLoad loaded = load(reading, next);
                assertThat(loaded.fault()).as("byte %d", at).isPresent();
                assertThat(loaded.tokens() % 64).isZero();
                if (i % 100 == 0) {
                    assertClose(prefill(reading, next), expected, kv);
                }
            }
        }
    }

    @Test
    void aFileThatIsCutOffOrLongerIsNoticed() throws IOException {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session();
                Session reading = engine.session()) {
            prefill(session, TEXT);
            save(session);
            byte[] whole = Files.readAllBytes(file());
            for (int length = 0; length < whole.length; length += length < BEGINNING ? 1 : 997) {
                Files.write(file(), Arrays.copyOf(whole, length));
                assertThat(load(reading, TEXT).fault())
                        .contains(length < 24 ? KvFileFault.FOREIGN : KvFileFault.DAMAGED);
            }
            Files.write(file(), Arrays.copyOf(whole, whole.length + 1));
            assertThat(load(reading, TEXT).fault()).contains(KvFileFault.DAMAGED);
        }
    }

    @Test
    void recordsInEachOthersPlaceAreNoticed() throws IOException {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session();
                Session reading = engine.session()) {
            prefill(session, Arrays.copyOf(TEXT, 64));
            save(session);
            byte[] whole = Files.readAllBytes(file());
            int record = 4 * 8 * 64 * 2 * 2 + 4; // heads, channels, positions, keys and values, bytes; a checksum
            int start = whole.length - 2 * record;
            byte[] swapped = whole.clone();
            System.arraycopy(whole, start, swapped, start + record, record);
            System.arraycopy(whole, start + record, swapped, start, record);
            Files.write(file(), swapped);
            assertThat(load(reading, TEXT)).isEqualTo(KvLoad.not(KvFileFault.DAMAGED));
        }
    }

    @Test
    void otherWeightsEncodingsAndFormatsAreNoticed() throws IOException {
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session()) {
            prefill(session, TEXT);
            save(session);
        }
        assertFault(tiny(KvType.F32), KvFileFault.OTHER_MODEL);
        assertFault(tiny(KvType.Q4), KvFileFault.OTHER_MODEL);
        RandomWeights others = new RandomWeights(DType.F32, 6, 0);
        EngineOptions options = options(KvType.F16).withContext(LIMIT);
        assertFault(OpenModel.random(Specs.tiny(LIMIT), others, options, GpuSource.NONE), KvFileFault.OTHER_MODEL);
        assertFault(
                OpenModel.random(Specs.tiny(LIMIT), RANDOM, options.withWeights(WeightType.Q4), GpuSource.NONE),
                KvFileFault.OTHER_MODEL);
        Files.write(file(), newer(Files.readAllBytes(file())));
        assertFault(tiny(KvType.F16), KvFileFault.NEWER);
        Files.writeString(file(), "{\"a\":1}".repeat(100));
        assertFault(tiny(KvType.F16), KvFileFault.FOREIGN);
        Files.delete(file());
        Files.createDirectory(file());
        assertFault(tiny(KvType.F16), KvFileFault.FOREIGN);
        Files.delete(file());
        try (OpenModel engine = tiny(KvType.F16);
                Session session = engine.session()) {
            assertThat(load(session, TEXT)).isEqualTo(KvLoad.NOTHING);
            assertThat(session.saved(file()).ids()).isEmpty();
        }
    }

    /** The same in a later format, whose first bytes have a checksum as ever. */
    private static byte[] newer(byte[] whole) {
        ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(8, 2);
        CRC32C crc = new CRC32C();
        crc.update(whole, 0, 20);
        bytes.putInt(20, (int) crc.getValue());
        return whole;
    }

    private void assertFault(OpenModel opened, KvFileFault fault) {
        try (OpenModel engine = opened;
                Session session = engine.session()) {
            assertThat(load(session, TEXT)).isEqualTo(KvLoad.not(fault));
            assertThat(session.saved(file()).ids()).isEmpty();
            assertThat(session.length()).isZero();
        }
    }

    @Test
    void theSameModelElsewhereIsTheSame() throws IOException {
        Path copy = folder.resolve("copy");
        copy("opt-f16", copy);
        int[] ids = Expected.of("opt-f16").prompts().getLast().ids();
        try (OpenModel engine = OpenModel.open(Fixtures.golden("opt-f16"), options(KvType.F16));
                Session session = engine.session()) {
            prefill(session, ids);
            save(session);
        }
        try (OpenModel engine = OpenModel.open(copy, options(KvType.F16));
                Session session = engine.session()) {
            assertThat(load(session, ids)).isEqualTo(new KvLoad(ids.length - 1, false, Optional.empty()));
        }
        Path weights = copy.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        try (OpenModel engine = OpenModel.open(copy, options(KvType.F16));
                Session session = engine.session()) {
            assertThat(load(session, ids)).isEqualTo(KvLoad.not(KvFileFault.OTHER_MODEL));
        }
    }

    private static void copy(String model, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(Fixtures.golden(model))) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
    }
}
