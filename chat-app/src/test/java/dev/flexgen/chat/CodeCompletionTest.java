package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code generate --prompt-file file.py --function} with the golden CodeGen model. Its weights are random, so it gets a tokenizer in
 * which the tokens of a golden prompt read as the beginning of a function, and those that follow as its end.
 */
class CodeCompletionTest {

    private static final int VOCABULARY = 307;

    /** The golden prompt {@code ten}, and what transformers continues it with. */
    private static final int[] PROMPT = {23, 303, 222, 223, 302, 145, 85, 39, 64, 97};

    private static final int[] GREEDY = {83, 63, 221, 197, 271, 221, 280};

    private static final String CODE = "def gh(x):";
    private static final String REST = "#1\n\t0\nz";

    @TempDir
    Path home;

    private Path model;

    @BeforeEach
    void makeAModelThatWritesCode() throws IOException {
        var found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("codegen-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        model = Files.createDirectory(home.resolve("codegen"));
        try (Stream<Path> files = Files.list(found.orElseThrow())) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName().toString()));
            }
        }
        Map<Integer, Integer> bytes = new LinkedHashMap<>();
        String text = CODE + REST;
        for (int i = 0; i < text.length(); i++) {
            bytes.put((int) text.charAt(i), i < PROMPT.length ? PROMPT[i] : GREEDY[i - PROMPT.length]);
        }
        int next = 4;
        for (int value = 0; value < 256; value++) {
            while (!bytes.containsKey(value) && bytes.containsValue(next)) {
                next++;
            }
            bytes.putIfAbsent(value, next);
        }
        Files.writeString(
                model.resolve("tokenizer.json"), tokenizer(bytes, VOCABULARY).toString());
        Files.writeString(home.resolve("file.py"), CODE);
    }

    /**
     * One in which every byte is a token.
     *
     * @param bytes their ids
     * @param size the other ids below it are special ones
     */
    static JsonObject tokenizer(Map<Integer, Integer> bytes, int size) {
        JsonObject vocabulary = new JsonObject();
        bytes.forEach((value, id) -> vocabulary.addProperty(letter(value), id));
        JsonArray added = new JsonArray();
        for (int id = 0; id < size; id++) {
            if (!bytes.containsValue(id)) {
                JsonObject token = new JsonObject();
                token.addProperty("id", id);
                token.addProperty("content", "<" + id + ">");
                for (String no : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
                    token.addProperty(no, false);
                }
                token.addProperty("special", true);
                added.add(token);
                vocabulary.addProperty("<" + id + ">", id);
            }
        }
        JsonObject byteLevel = new JsonObject();
        byteLevel.addProperty("type", "ByteLevel");
        byteLevel.addProperty("add_prefix_space", false);
        byteLevel.addProperty("trim_offsets", true);
        byteLevel.addProperty("use_regex", true);
        JsonObject bpe = new JsonObject();
        bpe.addProperty("type", "BPE");
        bpe.add("vocab", vocabulary);
        bpe.add("merges", new JsonArray());
        JsonObject json = new JsonObject();
        json.addProperty("version", "1.0");
        json.add("added_tokens", added);
        json.add("pre_tokenizer", byteLevel);
        json.add("decoder", byteLevel);
        json.add("model", bpe);
        return json;
    }

    /** How byte-level tokenizers write a byte: those that print as they are, the others as letters from 256 on. */
    private static String letter(int value) {
        int others = 0;
        for (int i = 0; i <= value; i++) {
            boolean prints = (i >= 33 && i <= 126) || (i >= 161 && i <= 172) || i >= 174;
            if (i == value) {
                return Character.toString(prints ? value : 256 + others);
            }
            others += prints ? 0 : 1;
        }
        throw new IllegalArgumentException("no byte: " + value);
    }

    private Session.Outcome generate(String... options) {
        return new Session(home)
                .run(Stream.concat(
                                Stream.of("generate", "-m", model.toString(), "--prompt-file", "file.py"),
                                Stream.of(options))
                        .toArray(String[]::new));
    }

    @Test
    void aCompletionIsThatOfTransformers() {
        var outcome = generate("--max-new-tokens", "7");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).isEqualTo(REST + "\n");
    }

    @Test
    void itEndsWithTheFunction() {
        assertThat(generate("--max-new-tokens", "30", "--function").out()).isEqualTo("#1\n\t0\n");
        assertThat(generate("--max-new-tokens", "30", "--function", "--json").out())
                .contains("\"text\":\"#1\\n\\t0\"")
                .contains("\"finish_reason\":\"stop\"");
        assertThat(generate("--max-new-tokens", "30", "--function", "--stop", "1")
                        .out())
                .as("whatever comes first")
                .isEqualTo("#\n");
        assertThat(generate("--max-new-tokens", "3", "--function").out())
                .as("a function that does not end")
                .isEqualTo("#1\n\n");
    }

    @Test
    void functionsAreFoundInText() throws IOException {
        Files.delete(model.resolve("tokenizer.json"));
        var outcome = new Session(home).run("generate", "-m", model.toString(), "--ids", "5,6", "--function");
        assertThat(outcome.exitCode()).isNotEqualTo(ExitCode.OK);
        assertThat(outcome.err()).contains("tokenizer").hasLineCount(1);
    }
}
