package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.FakeCheckpoint;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers with experts beside one without: each has tensors of its own, and a missing or further one is named. */
class ExpertTensorsTest {

    private static final ModelSpec SPEC = Families.read(Fixtures.golden("qwen3moe-f32"));

    private static FakeCheckpoint complete() {
        FakeCheckpoint checkpoint = new FakeCheckpoint();
        for (TensorSpec tensor : SPEC.tensors()) {
            for (int layer = tensor.firstLayer(); layer < tensor.endLayer(); layer++) {
                for (int expert = 0; expert < tensor.experts(); expert++) {
                    checkpoint.with("model." + name(tensor, layer, expert), tensor.shape());
                }
            }
        }
        return checkpoint;
    }

    private static String name(TensorSpec tensor, int layer, int expert) {
        var spellings = Families.named("qwen3_moe").tensors().spellings(tensor.role(), layer, expert);
        return tensor.experts() > 1 ? spellings.getLast() : spellings.getFirst();
    }

    @Test
    void layersWithAndWithoutExpertsAreFound() {
        ModelTensors tensors = new ModelTensors(SPEC, complete());
        Role up = ModelPart.UP.weight();
        assertThat(tensors.experts(up, 0)).isEqualTo(8);
        assertThat(tensors.experts(up, 1)).isEqualTo(1);
        assertThat(tensors.get(up, 0, 7).name()).isEqualTo("model.layers.0.mlp.experts.7.up_proj.weight");
        assertThat(tensors.get(up, 1).name()).isEqualTo("model.layers.1.mlp.up_proj.weight");
    }

    @ParameterizedTest
    @CsvSource({
        "layers.0.mlp.experts.3.up_proj.weight",
        "layers.2.mlp.experts.7.down_proj.weight",
        "layers.0.mlp.experts.0.gate_proj.weight",
        "layers.1.mlp.gate_proj.weight",
        "layers.2.mlp.gate.weight",
        "layers.0.self_attn.q_norm.weight"
    })
    void aMissingOneIsNamed(String name) {
        FakeCheckpoint checkpoint = complete().without("model." + name);
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("tensor " + name + " is missing");
    }

    @Test
    void moreExpertsThanTheConfigSaysAreRefused() {
        FakeCheckpoint checkpoint = complete().with("model.layers.0.mlp.experts.8.up_proj.weight", Shape.of(20, 40));
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("has more experts than the 8 of config.json");
    }

    @Test
    void aRouterForAnotherNumberOfExpertsIsNamed() {
        FakeCheckpoint checkpoint = complete().with("model.layers.0.mlp.gate.weight", Shape.of(6, 40));
        assertThatThrownBy(() -> new ModelTensors(SPEC, checkpoint))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(
                        "model.layers.0.mlp.gate.weight has shape [6, 40], but by config.json it must have [8, 40]");
    }
}
