package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files make up a checkpoint, and its life from opening to closing. */
class CheckpointsTest {

    private static final String SAFETENSORS = "model.safetensors";
    private static final String SAFETENSORS_INDEX = "model.safetensors.index.json";
    private static final String TORCH = "pytorch_model.bin";
    private static final String TORCH_INDEX = "pytorch_model.bin.index.json";

    @TempDir
    Path folder;

    private void copy(String model, String... files) throws IOException {
        for (String file : files) {
            Files.copy(Fixtures.golden(model).resolve(file), folder.resolve(file));
        }
    }

    /** A safetensors file of one F32 tensor with one element. */
    private void single(String file, String tensor) throws IOException {
        String header = "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".formatted(tensor);
        byte[] start = {(byte) header.length(), 0, 0, 0, 0, 0, 0, 0};
        Files.writeString(folder.resolve(file), new String(start, StandardCharsets.ISO_8859_1) + header + "\0\0\0\0");
    }

    private void index(String json) throws IOException {
        Files.writeString(folder.resolve(SAFETENSORS_INDEX), json);
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> Checkpoints.open(folder).close())
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(parts)
                .extracting(e -> ((EngineException) e).kind())
                .isEqualTo(EngineException.Kind.MODEL);
    }

    @Test
    void filesAreTriedInTheOrderOfHuggingFace() throws IOException {
        copy("opt-f16-bin-sharded", TORCH_INDEX);
        assertRefused("pytorch_model-00001-of-00002.bin", "missing");
        copy("opt-f16-bin", TORCH);
        assertNames("lm_head.weight");
        index("{\"weight_map\":{\"a\":\"x.safetensors\"}}");
        single("x.safetensors", "a");
        assertNames("a");
        single(SAFETENSORS, "b");
        assertNames("b");
    }

    private void assertNames(String... some) {
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).contains(some);
        }
    }

    @Test
    void folderWithoutWeightsIsRefused() {
        assertRefused("no weights in " + folder, SAFETENSORS, TORCH_INDEX, "give another folder");
    }

    @Test
    void missingFolderAndFileInItsPlaceAreRefused() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> Checkpoints.open(folder.resolve("nowhere")))
                .hasMessageContaining("nowhere does not exist");
        assertThatThrownBy(() -> Checkpoints.open(file)).hasMessageContaining("file is not a folder");
    }

    @Test
    void linksOfTheHubCacheAreFollowed() throws IOException {
        Path blob = Files.createDirectories(folder.resolve("blobs")).resolve("abc");
        Files.copy(Fixtures.golden("opt-f32").resolve(SAFETENSORS), blob);
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/1"));
        Files.createSymbolicLink(snapshot.resolve(SAFETENSORS), Path.of("../../blobs/abc"));

        try (Checkpoint checkpoint = Checkpoints.open(snapshot)) {
            assertThat(checkpoint.names()).hasSize(52);
            assertThat(checkpoint.description()).isEqualTo(snapshot.toString());
        }
        Files.delete(blob);
        assertThatThrownBy(() -> Checkpoints.open(snapshot))
                .hasMessageContaining("it is a link to a file that is not there; download the model again");
    }

    @Test
    void folderInPlaceOfAFileIsRefused() throws IOException {
        Files.createDirectory(folder.resolve(SAFETENSORS));

        assertRefused(SAFETENSORS, "is a folder where a file of weights is expected");
    }

    @Test
    void unreadableFileIsRefused() throws IOException {
        single(SAFETENSORS, "a");
        assumeTrue(folder.resolve(SAFETENSORS).toFile().setReadable(false));
        assumeTrue(!Files.isReadable(folder.resolve(SAFETENSORS)), "root may read everything");

        assertRefused("cannot read", SAFETENSORS, "access is denied");
    }

    @Test
    void missingShardIsNamed() throws IOException {
        copy("opt-f32-sharded", SAFETENSORS_INDEX, "model-00001-of-00003.safetensors");

        assertRefused("model-00002-of-00003.safetensors is missing", SAFETENSORS_INDEX, "download is incomplete");
    }

    @Test
    void tensorThatItsShardLacksIsNamed() throws IOException {
        single("x.safetensors", "a");
        index("{\"weight_map\":{\"a\":\"x.safetensors\",\"b\":\"x.safetensors\"}}");

        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).containsExactly("a");
            assertThat(checkpoint.listedOnly()).containsExactly("b");
            assertThatThrownBy(() -> checkpoint.tensor("b"))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("x.safetensors does not hold the tensor 'b' that the index lists there");
        }
    }

    @Test
    void tensorsThatTheIndexForgetsOrListsInAnotherShardAreFound() throws IOException {
        single("x.safetensors", "a");
        single("y.safetensors", "b");
        index("{\"weight_map\":{\"b\":\"x.safetensors\",\"c\":\"y.safetensors\"}}");

        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).containsExactlyInAnyOrder("a", "b");
            assertThat(checkpoint.listedOnly()).containsExactly("c");
        }
    }

    @Test
    void damagedShardIsNamed() throws IOException {
        copy("opt-f16-bin-sharded", TORCH_INDEX, "pytorch_model-00001-of-00002.bin");
        Files.write(folder.resolve("pytorch_model-00002-of-00002.bin"), new byte[] {'P', 'K', 3, 4, 0});

        assertRefused("pytorch_model-00002-of-00002.bin has 5 bytes", "interrupted download");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|is empty",
                "{\"weight_map\"|garbled JSON",
                "[]|expected an object at $;",
                "{}|it has no weight_map",
                "{\"weight_map\":{}}|it has no weight_map",
                "{\"weight_map\":[]}|expected an object at $.weight_map",
                "{\"weight_map\":null}|expected an object at $.weight_map",
                "{\"weight_map\":\"a\"}|expected an object at $.weight_map",
                "{\"weight_map\":{\"a\":1}}|expected a string at $.weight_map.a",
                "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}|key 'a' appears twice",
                "{\"metadata\":{\"total_size\":1e3},\"metadata\":1}|key 'metadata' appears twice",
            })
    void garbledIndexIsRefused(String json, String reason) throws IOException {
        index(json);

        assertRefused(SAFETENSORS_INDEX, reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x.safetensors", "/etc/passwd", "a/../../x", "..", ".", "", "a/..", "x\\u0000"})
    void shardsOutsideTheFolderAreRefused(String name) throws IOException {
        index("{\"weight_map\":{\"a\":\"" + name + "\"}}");

        assertRefused(SAFETENSORS_INDEX, "not inside the model's folder");
    }

    @Test
    void shardsMayLieInSubfolders() throws IOException {
        Files.createDirectory(folder.resolve("shards"));
        single("shards/x", "a");
        index("{\"weight_map\":{\"a\":\"./shards/x\"}}");

        assertNames("a");
    }

    @Test
    void unknownTensorIsRefused() throws IOException {
        single(SAFETENSORS, "a");
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThatThrownBy(() -> checkpoint.tensor("lm_head.weight"))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContainingAll(folder.toString(), "has no tensor 'lm_head.weight'");
        }
    }

    @Test
    void closingEndsTheTensors() {
        Checkpoint checkpoint = Checkpoints.open(Fixtures.golden("opt-f16-bin-sharded"));
        String name = checkpoint.names().iterator().next();
        Tensor tensor = checkpoint.tensor(name);

        checkpoint.close();
        checkpoint.close();

        assertThatThrownBy(() -> checkpoint.tensor(name))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> tensor.data().get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void neitherClosingNorFailingLeavesMappings() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        assumeTrue(Files.exists(maps), "needs Linux to see the mappings");
        copy("opt-f32-sharded", SAFETENSORS_INDEX, "model-00001-of-00003.safetensors");

        assertRefused("model-00002-of-00003.safetensors is missing");
        assertThat(Files.readString(maps)).doesNotContain(folder.toString());
        single(SAFETENSORS, "a");
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).isNotEmpty();
            assertThat(Files.readString(maps)).contains(folder.toString());
        }
        assertThat(Files.readString(maps)).doesNotContain(folder.toString());
    }

    @Test
    void anyThreadMayRead() throws InterruptedException, ExecutionException {
        try (Checkpoint checkpoint = Checkpoints.open(Fixtures.golden("opt-f16-bin-sharded"));
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<List<Tensor>>> reads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                reads.add(threads.submit(() ->
                        checkpoint.names().stream().map(checkpoint::tensor).toList()));
            }
            List<Tensor> first = reads.getFirst().get();
            for (Future<List<Tensor>> read : reads) {
                for (int i = 0; i < first.size(); i++) {
                    assertThat(read.get().get(i)).isSameAs(first.get(i));
                }
            }
        }
    }
}
