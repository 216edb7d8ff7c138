package dev.flexgen.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configs of families beside OPT: what is published has the published number of weights, what cannot be run is refused. */
class FamilyConfigsTest {

    @TempDir
    Path folder;

    /** @param config with single quotes */
    private ModelSpec spec(String config) throws IOException {
        Files.writeString(folder.resolve("config.json"), config.replace('`', '"'));
        return Families.read(folder);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
        `bloom`, `n_layer`: 24, `n_embed`: 1024, `num_attention_heads`: 16                       | 559_214_592
        `bloom`, `n_layer`: 70, `n_embed`: 14336, `num_attention_heads`: 112                     | 176_247_271_424
        `codegen`, `n_layer`: 20, `n_embd`: 1024, `n_head`: 16, `vocab_size`: 51200, `rotary_dim`: 32 | 356_712_448
        `codegen`, `n_layer`: 34, `n_embd`: 6144, `n_head`: 24, `vocab_size`: 51200              | 16_032_155_648
        `glm`                                                                                    | 9_399_951_360
        `glm`, `num_key_value_heads`: 4                                                          | 9_483_857_920
        `llama`                                                                                  | 6_738_415_616
        `llama`, `hidden_size`: 4096, `intermediate_size`: 14336, `num_key_value_heads`: 8, `vocab_size`: 128256 | 8_030_261_248
        `mistral`                                                                                | 7_241_732_096
        `mistral`, `hidden_size`: 5120, `num_hidden_layers`: 40, `head_dim`: 128, `vocab_size`: 131072 | 12_247_782_400
        `qwen2`, `hidden_size`: 896, `num_hidden_layers`: 24, `num_attention_heads`: 14, `num_key_value_heads`: 2, `intermediate_size`: 4864, `tie_word_embeddings`: true | 494_032_768
        `qwen3`, `hidden_size`: 1024, `num_hidden_layers`: 28, `num_attention_heads`: 16, `num_key_value_heads`: 8, `intermediate_size`: 3072, `tie_word_embeddings`: true | 596_049_920
        `mixtral`                                                                                | 46_702_792_704
        `qwen3_moe`, `num_hidden_layers`: 48, `head_dim`: 128                                    | 30_532_122_624
        `glm4_moe`, `attention_bias`: true, `head_dim`: 128                                      | 106_852_251_264
        `qwen3`, `hidden_size`: 5120, `num_hidden_layers`: 64, `num_attention_heads`: 64, `num_key_value_heads`: 8, `intermediate_size`: 25600 | 32_762_123_264
        """)
    void parametersEqualThePublishedCounts(String keys, String parameters) throws IOException {
        assertThat(spec("{`model_type`: " + keys + "}").parameters())
                .isEqualTo(Long.parseLong(parameters.replace("_", "")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
        `chatglm`                                                   | zai-org/glm-4-9b-chat-hf
        `glm4`                                                      | norms that this version does not compute
        `chatty`, `auto_map`: {`AutoModel`: `x.Y`}                  | code in its own repository
        `llama`, `num_key_value_heads`: 5                           | num_attention_heads is not a multiple of num_key_value_heads (5)
        `llama`, `num_attention_heads`: 7, `num_key_value_heads`: 7 | hidden_size is not a multiple of num_attention_heads (7)
        `llama`, `hidden_act`: `softsign`                           | hidden_act is "softsign"
        `llama`, `mlp_bias`: true                                   | mlp_bias asks for biases
        `llama`, `rope_scaling`: {`type`: `dynamic`, `factor`: 4}   | rope_scaling stretches rotary positions by "dynamic"
        `llama`, `rope_scaling`: {`type`: `yarn`}                   | factor is missing or not above 0
        `llama`, `rope_scaling`: {`type`: `yarn`, `factor`: 4, `beta_fast`: 1, `beta_slow`: 2} | beta_fast is below beta_slow
        `llama`, `rope_scaling`: {`type`: `yarn`, `factor`: 4, `attention_factor`: -1} | attention_factor is not above 0
        `llama`, `rope_parameters`: {`rope_type`: `longrope`}       | rope_parameters stretches rotary positions by "longrope"
        `llama`, `rope_scaling`: {`rope_type`: `linear`}            | factor is missing or not above 0
        `llama`, `rope_scaling`: `twice`                            | rope_scaling is "twice", not an object
        `llama`, `rope_theta`: `many`                               | rope_theta is "many", not a number
        `llama`, `rms_norm_eps`: []                                 | rms_norm_eps is [], not a number
        `glm`, `partial_rotary_factor`: 0.01                        | rope_parameters turn 1 of the 128 numbers
        `glm`, `partial_rotary_factor`: 2                           | rope_parameters turn 256 of the 128 numbers
        `qwen3`, `use_sliding_window`: true                         | use_sliding_window asks for a window
        `qwen2`, `use_sliding_window`: true                         | use_sliding_window asks for a window
        `codegen`, `n_head`: 6, `n_embd`: 384                       | n_head is 6, not a multiple of 4
        `codegen`, `rotary_dim`: 300                                | rotary_dim is 300, not an even number up to 256
        `mixtral`, `num_experts_per_tok`: 9                         | num_experts_per_tok is 9, more than the 8 experts
        `glm4_moe`, `head_dim`: 128, `n_group`: 3                   | n_group is 3, of which topk_group keeps 1, for 128 experts
        `glm4_moe`, `head_dim`: 128, `n_group`: 32                  | topk_group leaves fewer experts than num_experts_per_tok (8)
        `qwen3_moe`, `mlp_only_layers`: 7                           | mlp_only_layers is 7, not a list
        `bloom`, `hidden_size`: 64, `n_head`: 7                     | hidden_size is not a multiple of n_head (7)
        `bloom`, `apply_residual_connection_post_layernorm`: true   | apply_residual_connection_post_layernorm is true
        """)
    void whatCannotBeRunIsRefusedInOneSentence(String keys, String sentence) {
        assertThatThrownBy(() -> spec("{`model_type`: " + keys + "}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining(sentence)
                .hasMessageNotContaining("\n");
    }

    @Test
    void anAbsentWindowOfMistralIsTheClassDefaultAndANullOneIsNone() throws IOException {
        assertThat(spec("{`model_type`: `mistral`}").block(0).attention().window())
                .isEqualTo(4096);
        assertThat(spec("{`model_type`: `mistral`, `sliding_window`: null}")
                        .block(0)
                        .attention()
                        .window())
                .isZero();
    }

    @Test
    void rotaryParametersWinOverTheOldKeys() throws IOException {
        Positions positions = spec("{`model_type`: `glm`, `rope_theta`: 1, `partial_rotary_factor`: 1.0,"
                        + " `rope_parameters`: {`rope_theta`: 500.0, `partial_rotary_factor`: 0.25}}")
                .block(0)
                .attention()
                .positions();
        assertThat(positions).isEqualTo(new Positions.Rotary(32, 500, true));
    }

    /** As transformers' formula reads: by wavelengths, each within its band. */
    @Test
    void llama3SlowsDownSlowTurnsOnly() {
        RotaryScaling scaling = new RotaryScaling.Llama3(8, 1, 4, 8192);
        double fast = 2 * Math.PI / 2000;
        double slow = 2 * Math.PI / 9000;
        double between = 2 * Math.PI / 4000;
        double smooth = (8192 / 4000.0 - 1) / 3;
        assertThat(scaling.apply(0, fast)).isEqualTo(fast);
        assertThat(scaling.apply(0, slow)).isEqualTo(slow / 8);
        assertThat(scaling.apply(0, between)).isCloseTo((1 - smooth) * between / 8 + smooth * between, within(1e-12));
    }

    @Test
    void slopesOfHeadsBeyondAPowerOfTwoLieBetweenTheOthers() {
        assertThat(new Positions.Alibi().slopes(6)).containsExactly(1 / 4f, 1 / 16f, 1 / 64f, 1 / 256f, 1 / 2f, 1 / 8f);
        float[] many = new Positions.Alibi().slopes(112);
        assertThat(many[0]).isEqualTo((float) Math.pow(2, -1 / 8.0));
        assertThat(many[111]).isEqualTo((float) Math.pow(2, -95 / 16.0));
    }

    @Test
    void generationConfigNamesFurtherEnds() throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": [151645, 151643]}");
        assertThat(spec("{`model_type`: `qwen3`, `eos_token_id`: 151645}").endTokens())
                .containsExactly(151643, 151645);
    }

    @Test
    void aDamagedGenerationConfigIsNamed() throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\": ");
        assertThatThrownBy(() -> spec("{`model_type`: `qwen3`}"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("generation_config.json is not valid JSON");
    }
}
