package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BeginRuleTest {

    private static final String TEMPLATE = """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"SpecialToken": {"id": "both", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
             "pair": [],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                                "both": {"id": "both", "ids": [3, 1], "tokens": ["<unk>", "<pad>"]},
                                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}}""";

    @TempDir
    Path folder;

    @BeforeEach
    void copyTokenizer() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "tokenizer.json");
    }

    @Test
    void aFolderWithoutAnyConfigPrependsNothing() {
        assertThat(begin()).isEmpty();
    }

    @Test
    void optBeginsWithTheTokenThatEndsIt() {
        TestFolders.copy(TestFolders.golden("opt-f32"), folder, "config.json");
        assertThat(begin()).containsExactly(2);
    }

    @Test
    void anOptConfigWithoutIdsHasTheFamilysDefault() {
        config("{\"model_type\": \"opt\"}");
        assertThat(begin()).containsExactly(2);
    }

    @Test
    void galacticaIsAnOptThatPrependsNothing() {
        TestFolders.copy(TestFolders.golden("galactica-f32"), folder, "config.json");
        assertThat(begin()).isEmpty();
    }

    @Test
    void bloomAndCodeGenPrependNothing() {
        config("{\"model_type\": \"bloom\", \"bos_token_id\": 1, \"eos_token_id\": 2}");
        assertThat(begin()).isEmpty();
        config("{\"model_type\": \"codegen\", \"bos_token_id\": 2, \"eos_token_id\": 2}");
        assertThat(begin()).isEmpty();
    }

    @Test
    void theTokenizersOwnConfigDecidesBeforeTheModels() {
        TestFolders.copy(TestFolders.golden("opt-f32"), folder, "config.json");
        tokenizerConfig("{\"add_bos_token\": true, \"bos_token\": {\"content\": \"<s>\"}}");
        assertThat(begin()).containsExactly(0);
        tokenizerConfig("{\"add_bos_token\": false, \"bos_token\": \"<s>\"}");
        assertThat(begin()).isEmpty();
        tokenizerConfig("{\"bos_token\": \"<s>\"}");
        assertThat(begin()).containsExactly(2);
    }

    @Test
    void aTemplateDecidesBeforeEverything() {
        TestFolders.copy(TestFolders.golden("opt-f32"), folder, "config.json");
        tokenizerConfig("{\"add_bos_token\": true, \"bos_token\": \"</s>\"}");
        postProcessor(TEMPLATE);
        assertThat(begin()).containsExactly(0, 3, 1);
        postProcessor("{\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\", \"trim_offsets\": false,"
                + "\"add_prefix_space\": true, \"use_regex\": true}, " + TEMPLATE + "]}");
        assertThat(begin()).containsExactly(0, 3, 1);
    }

    @Test
    void glmBeginsWithItsTwoTokensIfTheTokenizerKnowsThem() {
        config("{\"model_type\": \"glm\"}");
        assertThat(begin()).isEmpty();
        TestFolders.write(
                folder,
                "tokenizer.json",
                TestFolders.text(folder.resolve("tokenizer.json"))
                        .replace("\"<s>\"", "\"<sop>\"")
                        .replace("\"<unk>\"", "\"[gMASK]\""));
        assertThat(begin()).containsExactly(3, 0);
    }

    @Test
    void aBeginTokenOutsideTheVocabularyIsRefused() {
        tokenizerConfig("{\"add_bos_token\": true, \"bos_token\": \"<begin>\"}");
        assertThatThrownBy(this::begin)
                .isInstanceOf(TokenizerException.class)
                .hasMessage(folder.resolve("tokenizer_config.json") + " asks for a begin token (add_bos_token) but its"
                        + " bos_token \"<begin>\" is not in the vocabulary: use the tokenizer files that belong to the"
                        + " model.");
        tokenizerConfig("{\"add_bos_token\": true}");
        assertThatThrownBy(this::begin)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("its bos_token is missing");
    }

    private int[] begin() {
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            return tokenizer.encode("");
        }
    }

    private void config(String json) {
        TestFolders.write(folder, "config.json", json);
    }

    private void tokenizerConfig(String json) {
        TestFolders.write(folder, "tokenizer_config.json", json);
    }

    private void postProcessor(String json) {
        TestFolders.write(
                folder,
                "tokenizer.json",
                TestFolders.text(TestFolders.golden("gpt2").resolve("tokenizer.json"))
                        .replace("\"post_processor\":null", "\"post_processor\":" + json));
    }
}
