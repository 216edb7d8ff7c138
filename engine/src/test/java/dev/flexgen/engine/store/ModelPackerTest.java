package dev.flexgen.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.weights.CheckpointRows;
import dev.flexgen.engine.weights.RowSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ModelPackerTest {

    private static final String MODEL = "opt-f16";

    @TempDir
    Path folder;

    private ModelPacker packer(PackListener listener, CancelToken cancel) {
        return new ModelPacker(new PackStore(folder.resolve("store")), 2, listener, cancel);
    }

    private PackedForm pack(Path source, Encoding encoding) {
        return packer(PackListener.NONE, new CancelToken()).pack("key", "a model", source, encoding);
    }

    /** A copy of a golden model that may be changed. */
    private Path copy(String model) throws IOException {
        Path copy = Files.createDirectories(folder.resolve("source"));
        try (var files = Files.list(Fixtures.golden(model))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return copy;
    }

    private static PackListener after(int calls, Runnable action) {
        AtomicInteger count = new AtomicInteger();
        return new PackListener() {
            @Override
            public void progress(long done, long total) {
                assertThat(done).isBetween(1L, total);
                if (count.incrementAndGet() == calls) {
                    action.run();
                }
            }

            @Override
            public void waiting() {}
        };
    }

    static Stream<String> models() {
        return Stream.concat(Fixtures.kinds(), Stream.of("opt-f16-bin-sharded", "bloom-bf16-bin-noprefix"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void rowsOfAPackedModelAreThoseOfItsCheckpoint(String model) {
        Random random = new Random(7);
        Path source = Fixtures.golden(model);
        for (Encoding encoding : List.of(Encoding.F16, Encoding.Q8, Encoding.Q4, Encoding.Q3)) {
            PackedModel packed = PackedModel.in(pack(source, encoding).folder());
            assertThat(packed.encoding()).isEqualTo(encoding);
            try (Checkpoint checkpoint = Checkpoints.open(source);
                    WorkerPool pool = new WorkerPool(2);
                    RowSource rows = packed.rows();
                    var file = rows.openFile().orElseThrow();
                    Arena arena = Arena.ofShared()) {
                ModelTensors tensors = new ModelTensors(Families.read(source), checkpoint);
                RowSource original = new CheckpointRows(tensors, () -> {}, pool);
                List<PackItem> items = PackItem.of(tensors, encoding);
                assertThat(PackItem.of(packed, encoding)).isEqualTo(items);
                for (PackItem item : items) {
                    int from = random.nextInt(item.rows());
                    int count = 1 + random.nextInt(item.rows() - from);
                    long bytes = item.encoding().bytes(count, item.columns());
                    MemorySegment expected = arena.allocate(bytes);
                    MemorySegment actual = arena.allocate(bytes);
                    MemorySegment inPlace = arena.allocate(bytes);
                    if (item.vector()) {
                        original.vector(item.role(), item.layer(), from, expected);
                        rows.vector(item.role(), item.layer(), from, actual);
                    } else {
                        original.rows(item.role(), item.layer(), from, item.encoding(), item.columns(), expected);
                        rows.rows(item.role(), item.layer(), from, item.encoding(), item.columns(), actual);
                    }
                    file.read(rows.fileOffset(item.role(), item.layer(), from), inPlace);
                    assertThat(actual.mismatch(expected))
                            .as("%s in %s", item, encoding)
                            .isEqualTo(-1);
                    assertThat(inPlace.mismatch(expected))
                            .as("%s in %s", item, encoding)
                            .isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void everyTensorBeginsAtAPage() {
        Path packed = pack(Fixtures.golden(MODEL), Encoding.Q4).folder();
        Manifest manifest = PackStore.valid(packed).orElseThrow();
        assertThat(manifest.tensors().values())
                .isNotEmpty()
                .allSatisfy(tensor -> assertThat(tensor.offset() % 4096).isZero());
        assertThat(packed.resolve("weights.bin")).hasSize(manifest.weightBytes());
    }

    @Test
    void aPackedModelIsUsedUntilItsSourceChanges() throws IOException {
        Path source = copy(MODEL);
        Path first = pack(source, Encoding.Q4).folder();
        FileTime made = Files.getLastModifiedTime(first.resolve(Manifest.FILE));
        assertThat(Files.getLastModifiedTime(pack(source, Encoding.Q4).folder().resolve(Manifest.FILE)))
                .isEqualTo(made);
        Files.setLastModifiedTime(source.resolve("model.safetensors"), FileTime.from(Instant.ofEpochSecond(1)));
        PackedForm again = pack(source, Encoding.Q4);
        assertThat(again.folder()).isEqualTo(first);
        assertThat(again.header().source()).isEqualTo(SourceIdentity.of(source));
        assertThat(Files.getLastModifiedTime(first.resolve(Manifest.FILE))).isNotEqualTo(made);
    }

    @Test
    void encodingsOfAModelAreSeparateAndAreListed() throws IOException {
        pack(Fixtures.golden(MODEL), Encoding.Q4);
        pack(Fixtures.golden(MODEL), Encoding.Q8);
        PackStore store = new PackStore(folder.resolve("store"));
        assertThat(store.list()).extracting(form -> form.header().encoding()).containsExactly(Encoding.Q4, Encoding.Q8);
        assertThat(store.remove(store.find("key", Encoding.Q4).orElseThrow())).isPositive();
        assertThat(store.list()).extracting(form -> form.header().encoding()).containsExactly(Encoding.Q8);
        assertThat(store.find("key", Encoding.Q4)).isEmpty();
    }

    @Test
    void anInterruptedRunIsContinued() throws IOException {
        Path whole = pack(Fixtures.golden(MODEL), Encoding.Q4).folder();
        byte[] expected = Files.readAllBytes(whole.resolve("weights.bin"));
        PackStore.delete(whole);
        for (int calls : new int[] {1, 5, 17, 30}) {
            CancelToken cancel = new CancelToken();
            assertThatThrownBy(() -> packer(after(calls, cancel::cancel), cancel)
                            .pack("key", "a model", Fixtures.golden(MODEL), Encoding.Q4))
                    .isInstanceOf(CancellationException.class);
            PackStore store = new PackStore(folder.resolve("store"));
            assertThat(store.find("key", Encoding.Q4)).isEmpty();
            assertThat(store.list()).extracting(PackedForm::complete).containsExactly(false);
        }
        assertThat(pack(Fixtures.golden(MODEL), Encoding.Q4).folder().resolve("weights.bin"))
                .hasBinaryContent(expected);
        assertThat(new PackStore(folder.resolve("store")).list())
                .extracting(PackedForm::complete)
                .containsExactly(true);
    }

    @Test
    void aFlippedBitOfTheWeightsIsNamedAndTheModelPackedAgain() throws IOException {
        Path source = copy(MODEL);
        Random random = new Random(5);
        Path packed = pack(source, Encoding.Q4).folder();
        byte[] good = Files.readAllBytes(packed.resolve("weights.bin"));
        for (int round = 0; round < 8; round++) {
            PackedTensor tensor =
                    tensors(packed).get(random.nextInt(tensors(packed).size()));
            long at = tensor.offset() + random.nextLong(tensor.bytes());
            flip(packed.resolve("weights.bin"), at);
            assertThatThrownBy(() -> readAll(packed))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("weights.bin is damaged: the checksum of " + tensor.key() + ", bytes ")
                    .hasMessageContaining("packed again");
            assertThat(PackStore.valid(packed)).isEmpty();
            assertThat(pack(source, Encoding.Q4).folder().resolve("weights.bin"))
                    .hasBinaryContent(good);
        }
    }

    @Test
    void aFlippedBitBesideTheWeightsMakesThePackedModelInvalid() throws IOException {
        Path source = copy(MODEL);
        Random random = new Random(6);
        for (String name : List.of(Manifest.FILE, Manifest.FILE, Manifest.FILE, "config.json")) {
            Path packed = pack(source, Encoding.Q4).folder();
            flip(packed.resolve(name), random.nextLong(Files.size(packed.resolve(name)) - 1));
            assertThat(PackStore.valid(packed)).as(name).isEmpty();
            assertThatThrownBy(() -> PackedModel.in(packed)).hasMessageContaining("no whole packed model");
        }
        assertThat(PackStore.valid(pack(source, Encoding.Q4).folder())).isPresent();
    }

    @Test
    void aCutFileIsFound() throws IOException {
        Path packed = pack(Fixtures.golden(MODEL), Encoding.Q4).folder();
        for (String name : List.of("weights.bin", Manifest.FILE)) {
            Path file = packed.resolve(name);
            byte[] whole = Files.readAllBytes(file);
            Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 4096 % whole.length - 1));
            assertThat(PackStore.valid(packed)).as(name).isEmpty();
            Files.write(file, whole);
        }
        assertThat(PackStore.valid(packed)).isPresent();
    }

    private static List<PackedTensor> tensors(Path packed) {
        return List.copyOf(PackStore.valid(packed).orElseThrow().tensors().values());
    }

    private static void readAll(Path packed) {
        PackedModel model = PackedModel.in(packed);
        try (RowSource rows = model.rows();
                Arena arena = Arena.ofShared()) {
            for (PackedTensor tensor : tensors(packed)) {
                rows.rows(
                        tensor.role(),
                        tensor.layer(),
                        0,
                        tensor.encoding(),
                        tensor.columns(),
                        arena.allocate(tensor.bytes()));
            }
        }
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.seek(at);
            int old = access.read();
            access.seek(at);
            access.write(old ^ 8);
        }
    }

    @Test
    void aSourceThatChangesMeanwhileIsRefused() throws IOException {
        Path source = copy(MODEL);
        Runnable change = () -> {
            try {
                Files.setLastModifiedTime(source.resolve("model.safetensors"), FileTime.from(Instant.ofEpochSecond(1)));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
        assertThatThrownBy(() -> packer(after(3, change), new CancelToken()).pack("key", "m", source, Encoding.Q4))
                .isInstanceOf(EngineException.class)
                .hasMessage("Files in " + source
                        + " were changed or cut while they were packed; pack again when nobody writes to them");
        assertThat(new PackStore(folder.resolve("store")).list()).isEmpty();
        assertThat(pack(source, Encoding.Q4).complete()).isTrue();
    }

    @Test
    void aSourceThatIsCutMeanwhileIsRefused() throws IOException {
        Path source = copy(MODEL);
        Runnable cut = () -> {
            try (RandomAccessFile file =
                    new RandomAccessFile(source.resolve("model.safetensors").toFile(), "rw")) {
                file.setLength(4096);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
        assertThatThrownBy(() -> packer(after(1, cut), new CancelToken()).pack("key", "m", source, Encoding.Q4))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("were changed or cut while they were packed");
        assertThat(new PackStore(folder.resolve("store")).list()).isEmpty();
    }

    @Test
    void aNumberThatCannotBeEncodedIsNamed() throws IOException {
        Path source = copy(MODEL);
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            String name = "model.decoder.layers.1.fc1.weight";
            MemorySegment weights = checkpoint.tensor(name).data();
            byte[] bytes = weights.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            byte[] file = Files.readAllBytes(source.resolve("model.safetensors"));
            int at = indexOf(file, java.util.Arrays.copyOf(bytes, 64));
            file[at + 20] = 0;
            file[at + 21] = 0x7e; // not a number
            Files.write(source.resolve("model.safetensors"), file);
        }
        for (Encoding encoding : List.of(Encoding.Q8, Encoding.Q4, Encoding.Q3)) {
            assertThatThrownBy(() -> pack(source, encoding))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("layers.1.fc1.weight holds the number NaN");
        }
        assertThat(new PackStore(folder.resolve("store")).list()).noneMatch(PackedForm::complete);
    }

    private static int indexOf(byte[] file, byte[] part) {
        for (int i = 0; i + part.length <= file.length; i++) {
            if (java.util.Arrays.equals(file, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new IllegalStateException("not in the file");
    }

    @Test
    void twoPackersOfOneModelMakeItOnce() throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        AtomicInteger made = new AtomicInteger();
        PackListener slow = after(2, () -> {
            first.countDown();
            try {
                assertThat(second.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        PackListener waiter = new PackListener() {
            @Override
            public void progress(long done, long total) {
                made.incrementAndGet();
            }

            @Override
            public void waiting() {
                second.countDown();
            }
        };
        Path source = Fixtures.golden(MODEL);
        var one = CompletableFuture.supplyAsync(
                () -> packer(slow, new CancelToken()).pack("key", "m", source, Encoding.Q4));
        assertThat(first.await(20, TimeUnit.SECONDS)).isTrue();
        PackedForm form = packer(waiter, new CancelToken()).pack("key", "m", source, Encoding.Q4);
        assertThat(form).isEqualTo(one.get());
        assertThat(made).hasValue(0);
    }

    @Test
    void aStoreThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("store"), "a file");
        assertThatThrownBy(() -> pack(Fixtures.golden(MODEL), Encoding.Q4))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("The folder of packed models " + file + " cannot be written");
    }

    @Test
    void spaceIsCheckedFirst() throws IOException {
        PackStore store = new PackStore(folder.resolve("store"));
        PackHeader header = new PackHeader("a model", Encoding.Q4, new SourceIdentity(List.of()));
        try (PackSession session = PackSession.begin(store, "key", header, PackListener.NONE, new CancelToken())) {
            assertThatThrownBy(() -> session.requireSpace(1L << 60))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("a model packed needs 1.0 EiB more on the disk of " + store.root());
        }
    }

    @Test
    void copiesOfOneTableAreOneHead() {
        // opt-f16 has a head under its own name that is the token table
        List<PackedTensor.Key> keys = new ArrayList<>();
        tensors(pack(Fixtures.golden(MODEL), Encoding.Q4).folder()).forEach(tensor -> keys.add(tensor.key()));
        assertThat(keys).doesNotContain(PackWriter.HEAD).doesNotHaveDuplicates();
    }
}
