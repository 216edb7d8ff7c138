package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.sample.SamplerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden models, converted as FlexGen converts models, give the numbers that transformers gives. */
class NumpyModelsTest {

    @TempDir
    Path folder;

    private void convert(String model) throws IOException {
        NumpyWriter.convert(model, folder);
        Files.copy(Fixtures.golden(model).resolve("config.json"), folder.resolve("config.json"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opt-f32", "opt-f16", "opt-bf16", "opt350m-f32", "galactica-f32"})
    void logitsAndContinuationsEqualTransformers(String model) throws IOException {
        convert(model);
        try (OpenModel engine = OpenModel.open(folder, EngineOptions.defaults().withKv(KvType.F32))) {
            for (Expected.Prompt prompt : Expected.of(model).prompts()) {
                assertLogits(engine, prompt);
                try (Session conversation = engine.session()) {
                    conversation.prefill(prompt.ids(), new CancelToken(), ProgressListener.NONE);
                    GenerationRequest request =
                            new GenerationRequest(prompt.greedy().length, SamplerOptions.greedy(), Set.of());
                    assertThat(conversation
                                    .generate(request, new CancelToken(), id -> TokenListener.Verdict.CONTINUE)
                                    .ids())
                            .as(prompt.name())
                            .isEqualTo(prompt.greedy());
                }
            }
        }
    }

    private static void assertLogits(OpenModel engine, Expected.Prompt prompt) {
        for (int i = 0; i < prompt.positions().length; i++) {
            int[] beginning = Arrays.copyOf(prompt.ids(), prompt.positions()[i] + 1);
            try (Session conversation = engine.session()) {
                conversation.prefill(beginning, new CancelToken(), ProgressListener.NONE);
                float[] logits = conversation.logits();
                assertThat(logits).hasSameSizeAs(prompt.logits()[i]);
                for (int id = 0; id < logits.length; id++) {
                    assertThat((double) logits[id]).isCloseTo(prompt.logits()[i][id], within(2e-4));
                }
            }
        }
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        convert("opt-f16");
        Files.delete(folder.resolve("decoder.layers.1.self_attn.k_proj.weight"));
        assertThatThrownBy(() -> OpenModel.open(folder, EngineOptions.defaults()))
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(
                        folder.toString(), "decoder.layers.1.self_attn.k_proj.weight is missing", "convert");
    }
}
