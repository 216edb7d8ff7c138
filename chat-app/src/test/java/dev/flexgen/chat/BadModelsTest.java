package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of families that do not run, or that are not what their description says: one sentence each, and what to do. */
class BadModelsTest {

    @TempDir
    Path home;

    private Path copy(String name) throws IOException {
        var golden = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith(name))
                .findFirst();
        assumeThat(golden).as("the models lie in the source tree").isPresent();
        Path model = Files.createDirectory(home.resolve("model"));
        try (Stream<Path> files = Files.list(golden.orElseThrow())) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName().toString()));
            }
        }
        return model;
    }

    /** @param keys members that replace those of the description; with single quotes */
    private static void describe(Path model, String keys) throws IOException {
        Path file = model.resolve("config.json");
        JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        JsonParser.parseString("{" + keys.replace('\'', '"') + "}")
                .getAsJsonObject()
                .asMap()
                .forEach(config::add);
        Files.writeString(file, config.toString());
    }

    /** Another name of the same length for whatever has this one in the file of weights. */
    private static void rename(Path model, String name, String other) throws IOException {
        Path file = model.resolve("model.safetensors");
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(bytes).contains(name);
        Files.writeString(file, bytes.replace(name, other), StandardCharsets.ISO_8859_1);
    }

    private Outcome generate(Path model, String... prompt) {
        return new Session(home)
                .run(Stream.concat(Stream.of("generate", "-m", model.toString()), Stream.of(prompt))
                        .toArray(String[]::new));
    }

    private static void refused(Outcome outcome, String sentence) {
        assertThat(outcome.err())
                .startsWith("flexgen-chat: ")
                .contains(sentence)
                .hasLineCount(1);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.MODEL);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
        llama-f32    | 'model_type': 'mamba'          | this version runs opt, bloom, codegen, glm, glm4_moe, llama, mistral, mixtral, qwen2, qwen3, qwen3_moe
        glm-f32      | 'model_type': 'chatglm'        | use the form whose name ends with -hf, such as zai-org/glm-4-9b-chat-hf
        glm-f32      | 'model_type': 'glm4'           | use zai-org/glm-4-9b-chat-hf or another model
        llama-f32    | 'model_type': 'x', 'auto_map': {'AutoModel': 'y.Z'} | computed by code in its own repository, and that is not run here; this version runs opt
        llama-f32    | 'num_attention_heads': 5       | num_attention_heads is not a multiple of num_key_value_heads
        llama-f32    | 'num_attention_heads': 8       | config and weights belong to different models
        mixtral-f32  | 'num_experts_per_tok': 99      | num_experts_per_tok is 99, more than the
        mixtral-f32  | 'num_local_experts': 3         | has more experts than the 3 of config.json
        mixtral-f32  | 'num_local_experts': 30        | is missing; fetch or convert the model again
        qwen3-f32    | 'rope_parameters': {'rope_type': 'longrope', 'rope_theta': 10000} | stretches rotary positions by "longrope", which this version does not compute
        """)
    void aDescriptionThatCannotBeRun(String model, String keys, String sentence) throws IOException {
        Path folder = copy(model);
        describe(folder, keys);
        refused(generate(folder, "--ids", "5,6"), sentence);
    }

    @Test
    void aMissingExpertIsNamed() throws IOException {
        Path folder = copy("qwen3moe-f32");
        rename(folder, "layers.0.mlp.experts.3.up_proj", "layers.0.mlp.experts.3.up_lost");
        refused(generate(folder, "--ids", "5,6"), "tensor layers.0.mlp.experts.3.up_proj.weight is missing");
    }

    /** One token for each byte, from id {@code first} on. */
    private static void tokenizer(Path model, int first) throws IOException {
        Map<Integer, Integer> bytes = new HashMap<>();
        for (int value = 0; value < 256; value++) {
            bytes.put(value, first + value);
        }
        Files.writeString(
                model.resolve("tokenizer.json"),
                CodeCompletionTest.tokenizer(bytes, first).toString());
    }

    /** Of 307 ids the tokenizer knows 256. Embeddings are often padded; what has no text leaves none. */
    @Test
    void aVocabularyThatIsLargerThanTheTokenizersLeavesTokensWithoutText() throws IOException {
        Path folder = copy("codegen-f32");
        tokenizer(folder, 0);
        Outcome outcome = generate(folder, "--ids", "204", "--max-new-tokens", "14", "--json");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).contains("[33,177,185,177,33,185,177,177,185,221,33,42,283,259]");
        assertThat(generate(folder, "--ids", "302,306").exitCode()).isEqualTo(ExitCode.OK);
    }

    @Test
    void aTokenizerThatIsLargerThanTheVocabularyIsRefusedWhereItMatters() throws IOException {
        Path folder = copy("codegen-f32");
        tokenizer(folder, 100);
        assertThat(generate(folder, "--prompt", "fine").exitCode()).isEqualTo(ExitCode.OK);
        Outcome outcome = generate(folder, "--prompt", "\uD83D\uDE00");
        assertThat(outcome.err())
                .startsWith("flexgen-chat: ")
                .contains("vocabulary")
                .hasLineCount(1);
        assertThat(outcome.exitCode()).isNotEqualTo(ExitCode.OK);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', textBlock = """
        {% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}
        {% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}
        {% include '/etc/passwd' %}
        {{ messages[0].content.getClass().forName('java.lang.Runtime') }}
        """)
    void aTemplateThatMisbehavesIsSaidAndTheChatGoesOnWithoutIt(String template) throws IOException {
        Path folder = copy("opt-f32");
        Files.writeString(folder.resolve("chat_template.jinja"), template);
        Outcome outcome =
                new Session(home).typing("hello\n").run("chat", "-m", folder.toString(), "--max-new-tokens", "3");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.err()).contains("template");
        assertThat(outcome.out()).isNotEmpty();
    }
}
