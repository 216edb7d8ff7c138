package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Block.NormPlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Config files become specs. */
class FamiliesTest {

    @TempDir
    Path folder;

    private ModelSpec spec(String json) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
        return Families.read(folder);
    }

    private static String opt(String more) {
        return "{\"model_type\": \"opt\"" + more + "}";
    }

    @Test
    void absentKeysMeanOpt125m() throws IOException {
        ModelSpec spec = spec(opt(""));
        assertThat(spec.dimensions()).isEqualTo(new Dimensions(12, 768, 12, 12, 64, 3072, 50272, 768, 2048));
        NormSpec norm = new NormSpec(NormSpec.Kind.LAYER_NORM, 1e-5f);
        assertThat(spec.finalNorm()).hasValue(norm);
        assertThat(spec.head()).isEqualTo(new HeadSpec(true, Bias.NONE));
        assertThat(spec.stack().runs()).containsExactly(new LayerStack.Run(spec.block(0), 12));
        assertThat(spec.block(11))
                .isEqualTo(new Block(
                        norm,
                        NormPlace.BEFORE,
                        Block.Residual.SEQUENTIAL,
                        new AttentionSpec(
                                12, 12, 64, Bias.IF_STORED, Bias.IF_STORED, new Positions.Learned(2), Optional.empty()),
                        new FeedForwardSpec.Plain(3072, Activation.RELU, Bias.IF_STORED)));
        assertThat(spec.beginToken()).hasValue(2);
        assertThat(spec.endTokens()).containsExactly(2);
    }

    static Stream<String> models() {
        return Fixtures.models();
    }

    @ParameterizedTest
    @MethodSource("models")
    void oldAndNewSpellingsOfAConfigGiveTheSameSpec(String model) throws IOException {
        Path golden = Fixtures.golden(model);
        Files.copy(golden.resolve("generation_config.json"), folder.resolve("generation_config.json"));
        ModelSpec old = spec(Files.readString(golden.resolve("config_hub_style.json")));
        assertThat(old).isEqualTo(Families.read(golden));
    }

    @Test
    void opt350mNormalisesAfterTheSumAndProjectsItsTokens() {
        ModelSpec spec = Families.read(Fixtures.golden("opt350m-f32"));
        assertThat(spec.block(0).normPlace()).isEqualTo(NormPlace.AFTER);
        assertThat(spec.finalNorm()).isEmpty();
        assertThat(spec.projectsEmbedding()).isTrue();
    }

    @Test
    void galacticaUsesTheExactGelu() {
        ModelSpec spec = Families.read(Fixtures.golden("galactica-f32"));
        assertThat(ExecutionSupport.activation(spec.block(0))).isEqualTo(Activation.GELU);
        assertThat(spec.projectsEmbedding()).isFalse();
    }

    @Test
    void theFinalNormCanBeRemoved() throws IOException {
        assertThat(spec(opt(", \"_remove_final_layer_norm\": true")).finalNorm())
                .isEmpty();
    }

    @Test
    void aNullEmbeddingWidthMeansTheModels() throws IOException {
        assertThat(spec(opt(", \"word_embed_proj_dim\": null")).projectsEmbedding())
                .isFalse();
    }

    @Test
    void severalEndTokensAreKept() throws IOException {
        assertThat(spec(opt(", \"eos_token_id\": [7, 2], \"bos_token_id\": null"))
                        .endTokens())
                .containsExactly(2, 7);
    }

    @Test
    void aWidthThatHeadsDoNotDivideIsRefused() {
        assertThatThrownBy(() -> spec(opt(", \"hidden_size\": 770")))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("hidden_size is not a multiple of num_attention_heads (12)");
    }

    @Test
    void anUnknownActivationIsNamed() {
        assertThatThrownBy(() -> spec(opt(", \"activation_function\": \"swish\"")))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("activation_function is \"swish\", not one of relu, gelu");
    }

    @Test
    void anUnknownFamilyIsNamedBesideTheKnownOnes() {
        assertThatThrownBy(() -> spec("{\"model_type\": \"mamba\"}"))
                .isInstanceOf(EngineException.class)
                .hasMessage(folder + " holds a model of type \"mamba\"; this version runs "
                        + String.join(", ", Families.names()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"model_type\": null}", "{\"model_type\": \"\"}"})
    void aConfigWithoutAFamilyIsRefused(String json) {
        assertThatThrownBy(() -> spec(json))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("model_type is missing");
    }

    @ParameterizedTest
    @CsvSource({
        "12,   768,   12,  3072,  768,     125_239_296",
        "24,  2048,   32,  8192,  2048,  1_315_758_080",
        "32,  2560,   32, 10240,  2560,  2_651_596_800",
        "32,  4096,   32, 16384,  4096,  6_658_473_984",
        "40,  5120,   40, 20480,  5120, 12_853_473_280",
        "48,  7168,   56, 28672,  7168, 29_974_540_288",
        "64,  9216,   72, 36864,  9216, 65_719_701_504",
        "96, 12288,   96, 49152, 12288, 174_604_468_224"
    })
    void parametersEqualThePublishedCounts(
            int layers, int width, int heads, int ffnWidth, int embedding, String parameters) throws IOException {
        String sizes = ", \"num_hidden_layers\": %d, \"hidden_size\": %d, \"num_attention_heads\": %d, \"ffn_dim\": %d"
                .formatted(layers, width, heads, ffnWidth);
        ModelSpec spec = spec(opt(sizes + ", \"word_embed_proj_dim\": " + embedding));
        assertThat(spec.parameters()).isEqualTo(Long.parseLong(parameters.replace("_", "")));
    }

    @Test
    void opt350mHasItsProjectionsAndNoFinalNorm() throws IOException {
        ModelSpec spec = spec(opt(", \"num_hidden_layers\": 24, \"hidden_size\": 1024, \"num_attention_heads\": 16,"
                + " \"ffn_dim\": 4096, \"word_embed_proj_dim\": 512, \"do_layer_norm_before\": false"));
        assertThat(spec.parameters()).isEqualTo(331_196_416);
    }

    @Test
    void absurdSizesHaveManyParametersRatherThanNegativeOnes() throws IOException {
        ModelSpec spec = spec(opt(", \"num_hidden_layers\": 16777216, \"hidden_size\": 16777216,"
                + " \"num_attention_heads\": 1, \"ffn_dim\": 16777216, \"vocab_size\": 16777216"));
        assertThat(spec.parameters()).isEqualTo(Long.MAX_VALUE);
    }
}
