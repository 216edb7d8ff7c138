package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.NumpyWriter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights without a config.json are known by their shapes. Files are sparse: they have the real sizes and no content. */
class PublishedModelsTest {

    @TempDir
    Path folder;

    static Stream<CatalogueEntry> models() {
        return Catalogue.load().entries().stream()
                .filter(entry -> Families.names().contains(entry.family()));
    }

    static Stream<CatalogueEntry> inNumpy() {
        return models().filter(entry -> entry.family().equals("opt"));
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyPublishedModelHasThePublishedNumberOfWeights(CatalogueEntry entry) {
        ModelSpec spec = PublishedModels.spec(entry);
        assertThat(spec.parameters()).isEqualTo(entry.parameters());
        assertThat(spec.layers()).isEqualTo(entry.geometry().layers());
        assertThat(spec.positions()).isEqualTo(entry.geometry().positions());
        assertThat(ExecutionSupport.missing(spec)).isEmpty();
    }

    private static CatalogueEntry entry(String name) {
        return Catalogue.load().find(name).orElseThrow();
    }

    /** All tensors of a published model, as FlexGen would name them. */
    private ModelSpec write(String name) throws IOException {
        ModelSpec spec = PublishedModels.spec(entry(name));
        for (TensorSpec tensor : spec.tensors()) {
            for (int layer = 0; layer < tensor.layers(); layer++) {
                write(spec, tensor, layer);
            }
        }
        return spec;
    }

    private void write(ModelSpec spec, TensorSpec tensor, int layer) throws IOException {
        String name = Families.named(spec.family())
                .tensors()
                .spellings(tensor.role(), layer, 0)
                .getFirst()
                .replaceFirst("^decoder\\.final_layer_norm", "decoder.layer_norm");
        long[] extents =
                tensor.shape().extents().stream().mapToLong(Long::longValue).toArray();
        NumpyWriter.writeSparse(folder.resolve(name), "<f2", Short.BYTES, extents);
    }

    @ParameterizedTest
    @MethodSource("inNumpy")
    void everyPublishedModelIsKnownByTwoShapes(CatalogueEntry entry) throws IOException {
        ModelSpec spec = PublishedModels.spec(entry);
        for (TensorSpec tensor : spec.tensors()) {
            if (Set.of(ModelPart.TOKENS.weight(), ModelPart.UP.weight()).contains(tensor.role())) {
                write(spec, tensor, 0);
            }
        }
        assertThat(Families.read(folder)).isEqualTo(spec);
    }

    @Test
    void opt175bHas96HeadsAndAllItsTensorsAreFound() throws IOException {
        write("opt-175b");
        ModelSpec spec = Families.read(folder);
        assertThat(spec.dimensions()).isEqualTo(new Dimensions(96, 12288, 96, 96, 128, 49152, 50272, 12288, 2048));
        assertThat(spec.parameters()).isEqualTo(174_604_468_224L);
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            ModelTensors tensors = new ModelTensors(spec, checkpoint);
            assertThat(tensors.get(ModelPart.FINAL_NORM.bias(), 0).shape()).hasToString("[12288]");
            assertThat(tensors.get(ModelPart.DOWN.weight(), 95).shape()).hasToString("[12288, 49152]");
        }
    }

    @Test
    void weightsOfAnInterruptedConversionAreNotASmallerModel() throws IOException {
        write("opt-125m");
        Files.delete(folder.resolve("decoder.layers.11.fc2.weight"));
        assertIncomplete("decoder.layers.11.fc2.weight");
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file :
                    files.filter(file -> file.toString().contains("layers.11.")).toList()) {
                Files.delete(file);
            }
        }
        assertIncomplete("decoder.layers.11.");
    }

    private void assertIncomplete(String missing) {
        ModelSpec spec = Families.read(folder);
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThatThrownBy(() -> new ModelTensors(spec, checkpoint))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContainingAll(folder + ": tensor " + missing, " is missing; fetch or convert");
        }
    }

    @Test
    void aTensorThatTellsTheModelIsNamedWhenItIsMissing() throws IOException {
        write("opt-125m");
        Files.delete(folder.resolve("decoder.embed_tokens.weight"));
        assertThatThrownBy(() -> Families.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(folder.toString(), "tensor decoder.embed_tokens.weight is missing");
    }

    @Test
    void unpublishedShapesNeedAConfig() throws IOException {
        NumpyWriter.convert("opt-f16", folder);
        assertThatThrownBy(() -> Families.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessage(
                        folder + " has no config.json, and no published model of the opt family has a token table of"
                                + " [931, 60] and feed-forward weights of [148, 60]; put the model's config.json there");

        Path golden = Fixtures.golden("opt-f16");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        assertThat(Families.read(folder)).isEqualTo(Families.read(golden));
    }

    @Test
    void tensorsOfNoFamilyAreRefused() throws IOException {
        NumpyWriter.writeSparse(folder.resolve("word_embeddings.weight"), "<f2", Short.BYTES, 250_880, 1024);
        assertThatThrownBy(() -> Families.read(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(folder.toString(), "not named as those of any of the families", "(opt)");
    }
}
