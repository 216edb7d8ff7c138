package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.FakeCheckpoint;
import dev.flexgen.engine.Specs;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.TensorSpec.Need;
import dev.flexgen.engine.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTensorsTest {

    private static final ModelSpec SPEC = Specs.tiny(16);

    private static FakeCheckpoint complete(String prefix) {
        FakeCheckpoint checkpoint = new FakeCheckpoint();
        for (TensorSpec tensor : SPEC.tensors()) {
            for (int layer = 0; layer < tensor.layers() && !isHead(tensor); layer++) {
                checkpoint.with(prefix + name(tensor.role(), layer), tensor.shape());
            }
        }
        return checkpoint;
    }

    private static boolean isHead(TensorSpec tensor) {
        return tensor.role().part() == ModelPart.HEAD;
    }

    private static String name(Role role, int layer) {
        return Families.named("opt").tensors().spellings(role, layer, 0).getFirst();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model."})
    void allTensorsAreFoundUnderBothPrefixes(String prefix) {
        ModelTensors tensors = new ModelTensors(SPEC, complete(prefix));
        for (TensorSpec tensor : SPEC.tensors()) {
            if (!isHead(tensor)) {
                assertThat(tensors.get(tensor.role(), 0).shape()).isEqualTo(tensor.shape());
            }
        }
    }

    @Test
    void theHeadIsTiedWhereItIsAbsentAndItsOwnWhereItIsNot() {
        assertThat(new ModelTensors(SPEC, complete("model.")).has(ModelPart.HEAD.weight()))
                .isFalse();
        FakeCheckpoint untied = complete("model.").with("lm_head.weight", Shape.of(SPEC.vocabulary(), SPEC.width()));
        assertThat(new ModelTensors(SPEC, untied).find(ModelPart.HEAD.weight(), 0))
                .isPresent();
    }

    @Test
    void unknownTensorsAreIgnored() {
        FakeCheckpoint checkpoint = complete("model.").with("model.decoder.version", Shape.of(1));
        assertThat(new ModelTensors(SPEC, checkpoint).has(ModelPart.TOKENS.weight()))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "decoder.embed_tokens.weight",
                "decoder.embed_positions.weight",
                "decoder.layers.0.fc1.weight",
                "decoder.layers.1.self_attn.k_proj.weight",
                "decoder.layers.1.self_attn.k_proj.bias",
                "decoder.layers.0.fc2.bias",
                "decoder.layers.1.final_layer_norm.weight",
                "decoder.final_layer_norm.weight"
            })
    void aMissingTensorIsNamed(String name) {
        FakeCheckpoint checkpoint = complete("").without(name);
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessage("fake: tensor " + name
                        + " is missing; fetch or convert the model again, or check that its config.json"
                        + " belongs to these weights");
    }

    @Test
    void oneNormWithoutWeightsBesideOthersWithThemIsAFileLeftOut() {
        FakeCheckpoint checkpoint = complete("").without(".*self_attn_layer_norm.*");
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("decoder.layers.0.self_attn_layer_norm.weight is missing");
    }

    @Test
    void aModelMayLackAllBiasesAndAllNormWeights() {
        ModelTensors tensors = new ModelTensors(SPEC, complete("").without(".*norm.*|.*bias"));
        for (TensorSpec tensor : SPEC.tensors()) {
            if (tensor.need() == Need.ALWAYS) {
                assertThat(tensors.find(tensor.role(), tensor.layers() - 1)).isPresent();
            } else {
                assertThat(tensors.find(tensor.role(), 0)).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 33, 1})
    void aTensorOfAnotherShapeIsNamed(long columns) {
        FakeCheckpoint checkpoint =
                complete("").with("decoder.layers.1.fc1.weight", Shape.of(SPEC.ffnWidth(), columns));
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessage(
                        "fake: tensor decoder.layers.1.fc1.weight has shape [128, " + columns
                                + "], but by config.json it must have [128, 32]; config and weights belong to different models");
    }

    @Test
    void aTensorOfAnotherRankIsNamed() {
        FakeCheckpoint checkpoint =
                complete("").with("decoder.layers.0.fc1.weight", Shape.of((long) SPEC.ffnWidth() * SPEC.width()));
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("has shape [4096], but by config.json it must have [128, 32]");
    }

    @Test
    void weightsOfMoreLayersThanTheConfigsAreRefused() {
        FakeCheckpoint checkpoint =
                complete("").with("decoder.layers.2.fc1.weight", Shape.of(SPEC.ffnWidth(), SPEC.width()));
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("has more layers than the 2 of config.json");
    }
}
