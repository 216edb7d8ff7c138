package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that were accepted in silence, or that the native library did not survive. */
class DamagedFilesTest {

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    @TempDir
    Path folder;

    private final String whole = TestFolders.text(TestFolders.golden("gpt2").resolve("tokenizer.json"));

    /** The native library ended the process over each of these. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "normalizer|{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\"}|is of a type that is not supported",
                "normalizer|{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAAAAAAAAAAAAAA\"}|is of a type that is not",
                "normalizer|{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a+)+$\"},\"content\":\"x\"}|must be {\"String\"",
                "normalizer|{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"\"}|content of its normalizer Replace must be one character",
                "normalizer|{\"type\":\"Prepend\",\"prepend\":\"\"}|must be one character",
                "normalizer|\"\\ud800\"|it is not valid JSON",
                "decoder|\"\\ud800\"|it is not valid JSON",
                "decoder|{\"type\":\"Strip\",\"content\":\" \",\"start\":3,\"stop\":3}|must be a whole number from 0 to",
                "decoder|{\"type\":\"Strip\",\"content\":\" \",\"start\":0,\"stop\":1}|must be a whole number from 0 to 0",
                "pre_tokenizer|{\"type\":\"FixedLength\",\"length\":0}|is of a type that is not supported",
                "pre_tokenizer|{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$\"},\"behavior\":\"Isolated\",\"invert\":false}|regular expression",
            })
    void partsThatEndedTheProcessAreRefusedByName(String key, String value, String message) {
        replacePart(key, value);
        assertFails("tokenizer.json", key, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{\"type\":\"NFC\",\"type\":\"NFKC\"}|the key \"type\" stands there twice",
                "{\"type\":\"NFC\",\"form\":1}|has an unknown member, \"form\"",
                "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"}}|has no content",
                "{\"type\":\"Sequence\",\"normalizers\":[7]}|is not an object with a type",
                "{\"type\":\"Sequence\",\"decoders\":[]}|has a Sequence that is not a list",
                "{\"type\":\"NFC\"} x|it is not valid JSON",
                "{\"type\":\"\\u001b[2J\"}|\"\\u001b[2J\"",
                "NaN|is not valid JSON",
                "{'type':'NFC'}|is not valid JSON",
            })
    void aNormalizerThatIsNoneSaysWhy(String value, String message) {
        replacePart("normalizer", value);
        assertFails("tokenizer.json", message);
    }

    @Test
    void deepNestingIsRefusedWhereverItStands() {
        String deep = "[".repeat(100_000) + "]".repeat(100_000);
        for (String key : List.of("normalizer", "pre_tokenizer", "post_processor", "decoder")) {
            replacePart(key, deep);
            assertFails("tokenizer.json", key);
        }
        write("tokenizer.json", whole.replace("\"merges\":[", "\"merges\":[" + deep + ","));
        assertFails("tokenizer.json");
        write("tokenizer.json", whole);
        for (String name : List.of("tokenizer_config.json", "config.json")) {
            write(name, "{\"x\":" + deep + "}");
            assertFails(name, "is not valid JSON");
            TestFolders.delete(folder, name);
        }
    }

    @Test
    void unusedPartsMayHoldAnything() {
        String absurd =
                "{\"strategy\":{\"Fixed\":1e999999999},\"pad_to_multiple_of\":0,\"max_length\":18446744073709551616}";
        write(
                "tokenizer.json",
                whole.replace(
                        "\"truncation\":null,\"padding\":null",
                        "\"truncation\":" + absurd + ",\"padding\":" + absurd + ",\"x\":" + "[".repeat(5000)
                                + "]".repeat(5000)));
        assertThat(ids("Hello world")).containsExactly(523, 501);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "\"id\":3,|\"id\":2,|the id 2 to the added tokens",
                "\"id\":3,|\"id\":77,|gives the token \"<unk>\" the ids 3 and 77",
                "\"id\":3,\"content\":\"<unk>\"|\"id\":20,\"content\":\"<new>\"|gives the id 20 to",
                "\"id\":3,|\"id\":-3,|has the id -3, which is not a whole number from 0 to 16777215",
                "\"id\":3,|\"id\":16777216,|has the id 16777216, which is not",
                "\"id\":3,|\"id\":3.5,|has the id 3.5, which is not",
                "\"id\":3,|\"id\":1e400,|has the id Infinity, which is not",
                "\"id\":3,|\"id\":1e999999999,|has the id Infinity, which is not",
                "\"id\":3,|\"id\":\"3\",|an added token without id or content",
                "\"id\":3,\"content\":\"<unk>\"|\"id\":3,\"content\":\"\"|a content that is empty",
                "\"id\":3,\"content\":\"<unk>\"|\"id\":3,\"content\":\"\\udc00\"|it is not valid JSON",
                "\"id\":3,\"content\":\"<unk>\",\"single_word\":false|\"id\":3,\"content\":\"<unk>\",\"single_word\":0|neither true nor false",
                "\"unk_token\":null|\"unk_token\":\"<nope>\"|its unk_token \"<nope>\" is not in the vocabulary",
                "\"continuing_subword_prefix\":null|\"continuing_subword_prefix\":\"##\"|a continuing_subword_prefix",
                "\"dropout\":null|\"dropout\":0.5|a dropout",
                "\"type\":\"BPE\"|\"type\":\"BPE\",\"type\":\"BPE\"|the key \"model.type\" stands there twice",
                "\"version\":\"1.0\"|\"version\":\"1.0\",\"version\":\"1.0\"|the key \"version\" stands there twice",
                "\"<unk>\":3,|\"<unk>\":3,\"<unk>\":3,|the token \"<unk>\" stands there twice",
            })
    void valuesThatContradictOrAreOutOfRangeAreNamed(String from, String to, String message) {
        assertThat(whole).contains(from);
        write(
                "tokenizer.json",
                whole.replaceFirst(java.util.regex.Pattern.quote(from), java.util.regex.Matcher.quoteReplacement(to)));
        assertFails("tokenizer.json", message);
    }

    @Test
    void aTemplateWithAnIdThatIsNoTokenIsRefused() {
        replacePart(
                "post_processor",
                "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\","
                        + "\"type_id\":0}}],\"pair\":[],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[99999],\"tokens\":[\"<s>\"]}}}");
        assertFails("begins every text with the id 99999, which is no token");
    }

    @Test
    void mergesThatAreMissingInATokenizerJsonAreNoticed() {
        int start = whole.indexOf("\"merges\":[") + "\"merges\":[".length();
        write("tokenizer.json", whole.substring(0, start) + "]}}");
        assertFails("it has 0 merges for 561 tokens of several characters");
        int half = whole.indexOf("],[", (start + whole.length()) / 2);
        write("tokenizer.json", whole.substring(0, half) + "]]}}");
        assertFails("merges for 561 tokens of several characters");
    }

    @Test
    void aByteLevelVocabularyWithoutTheCharactersOfPlainTextIsRefused() {
        write(
                "tokenizer.json",
                "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"
                        + "\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}");
        assertFails("its vocabulary has no \"!\", so text would be lost");
        write("vocab.json", "{\"a\":0,\"b\":1}");
        write("merges.txt", "#version: 0.2\n");
        TestFolders.delete(folder, "tokenizer.json");
        assertFails("vocab.json", "it has no \"!\", so text would be lost");
    }

    @Test
    void aMergesFileCutOffAnywhereIsNoticed() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "vocab.json", "merges.txt");
        String merges = TestFolders.text(folder.resolve("merges.txt"));
        for (int length = 0; length < merges.length() - 1; length += 173) {
            write("merges.txt", merges.substring(0, length));
            assertFails("merges.txt");
        }
        write("merges.txt", merges.substring(0, merges.stripTrailing().lastIndexOf('\n')));
        assertFails("merges.txt is cut off: 1 tokens of vocab.json, such as ");
        write("merges.txt", "");
        assertFails("merges.txt is cut off: 561 tokens of vocab.json, such as ");
        write("merges.txt", merges.stripTrailing());
        assertThat(ids("Hello world")).containsExactly(523, 501);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"
            })
    void aByteOrderMarkIsNoPartOfAnyFile(String name) {
        if (name.equals("vocab.json") || name.equals("merges.txt")) {
            TestFolders.copy(TestFolders.golden("gpt2"), folder, "vocab.json", "merges.txt");
        } else {
            write("tokenizer.json", whole);
        }
        String text = name.contains("_")
                ? "{\"bos_token\":\"<s>\"}"
                : TestFolders.text(TestFolders.golden("gpt2").resolve(name));
        write(name, BYTE_ORDER_MARK + text);
        assertThat(ids("Hello world")).containsExactly(523, 501);
    }

    @Test
    void windowsLineEndsInMergesAreNoPartOfTokens() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "vocab.json", "merges.txt");
        String merges = TestFolders.text(folder.resolve("merges.txt"));
        write("merges.txt", merges.replaceAll("\\n", "\r$0"));
        assertThat(ids("Hello world")).containsExactly(523, 501);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e400", "1e999999999", "-1", "2.5", "18446744073709551616", "[2]", "\"2\"", "null"})
    void absurdIdsInTheModelsConfigCountAsAbsent(String id) {
        write("tokenizer.json", whole);
        write("config.json", "{\"model_type\": \"opt\", \"bos_token_id\": " + id + ", \"eos_token_id\": 2}");
        assertThat(ids("Hello world")).containsExactly(2, 523, 501);
    }

    private int[] ids(String text) {
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            return tokenizer.encode(text);
        }
    }

    private void replacePart(String key, String value) {
        String name = "\"" + key + "\":";
        int start = whole.indexOf(name) + name.length();
        JsonScanner scanner = new JsonScanner(whole.substring(start), "the test");
        write(
                "tokenizer.json",
                whole.substring(0, start)
                        + value
                        + whole.substring(start + scanner.value().length()));
    }

    private void write(String name, String text) {
        TestFolders.write(folder, name, text);
    }

    private void assertFails(String... parts) {
        assertThatThrownBy(() -> TestFolders.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContainingAll(parts)
                .extracting(Throwable::getMessage)
                .asString()
                .doesNotContain("\n")
                .doesNotContain("\u001b")
                .endsWith(".");
    }
}
