package dev.flexgen.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.NumpyWriter;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A folder of .npy files is a checkpoint. */
class NumpyFolderTest {

    private static final String TOKENS = "decoder.embed_tokens.weight";

    @TempDir
    Path folder;

    @BeforeEach
    void convert() throws IOException {
        NumpyWriter.convert("opt-f16", folder);
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> Checkpoints.open(folder).close())
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(parts)
                .extracting(e -> ((EngineException) e).kind())
                .isEqualTo(EngineException.Kind.MODEL);
    }

    @Test
    void tensorsAreThoseOfTheSource() {
        try (Checkpoint expected = Checkpoints.open(Fixtures.golden("opt-f16"));
                Checkpoint actual = Checkpoints.open(folder)) {
            assertThat(actual.names())
                    .contains("decoder.layer_norm.weight", "lm_head.weight", "decoder.layers.2.self_attn.q_proj.bias");
            for (String name : expected.names()) {
                String stored = name.replace("model.", "").replace("decoder.final_layer_norm", "decoder.layer_norm");
                assertThat(actual.tensor(stored).dtype())
                        .isEqualTo(expected.tensor(name).dtype());
                assertThat(actual.tensor(stored).shape())
                        .isEqualTo(expected.tensor(name).shape());
                assertThat(actual.tensor(stored)
                                .data()
                                .mismatch(expected.tensor(name).data()))
                        .as(name)
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void otherFilesInTheFolderAreLeftAlone() throws IOException {
        Files.writeString(folder.resolve("decoder.version"), "not an array");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2");
        Files.createDirectory(folder.resolve("tmp"));
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).hasSize((int) countTensors());
        }
    }

    private long countTensors() throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().matches(".*\\.(weight|bias)"))
                    .count();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 9, 60, 128, 1000})
    void aFileThatIsCutOffIsNamedWhenOpening(long length) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(
                folder.resolve("decoder.layers.1.fc2.weight").toFile(), "rw")) {
            file.setLength(length);
        }
        assertRefused("decoder.layers.1.fc2.weight has " + length + " bytes where", "interrupted conversion");
    }

    @Test
    void anEmptyFileIsNamed() throws IOException {
        Files.write(folder.resolve(TOKENS), new byte[0]);
        assertRefused(TOKENS + " is empty");
    }

    @Test
    void aFolderAndADanglingLinkUnderATensorsNameAreNamed() throws IOException {
        Files.delete(folder.resolve(TOKENS));
        Files.createDirectory(folder.resolve(TOKENS));
        assertRefused(TOKENS + " is a folder where a file of weights is expected");
        Files.delete(folder.resolve(TOKENS));
        Files.createSymbolicLink(folder.resolve(TOKENS), folder.resolve("nowhere"));
        assertRefused(TOKENS, "a link to a file that is not there");
    }

    @Test
    void weightsInHuggingFacesFormatsAreTriedFirst() throws IOException {
        Files.copy(Fixtures.golden("opt-f16").resolve("model.safetensors"), folder.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(checkpoint.names()).contains("model." + TOKENS).doesNotContain(TOKENS);
        }
    }
}
