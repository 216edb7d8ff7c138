package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every damaged or missing file ends in one sentence that names it. */
class TokenizersErrorsTest {

    private static final String VOCABULARY = "{\"a\": 0, \"b\": 1, \"ab\": 2}";

    @TempDir
    Path folder;

    @Test
    void aFolderWithoutTokenizerFilesSaysWhichAreNeeded() {
        assertThat(Tokenizers.present(folder)).isFalse();
        TestFolders.write(folder, "vocab.json", "{}");
        assertThat(Tokenizers.present(folder)).isFalse();
        assertFails("No tokenizer in " + folder
                + ": put tokenizer.json, or vocab.json and merges.txt, beside the model's weights.");
    }

    @Test
    void aMissingFolderIsCalledMissing() {
        Path missing = folder.resolve("nowhere");
        assertThatThrownBy(() -> TestFolders.open(missing))
                .isInstanceOf(TokenizerException.class)
                .hasMessage("There is no model folder " + missing + ".");
    }

    @Test
    void eitherKindOfFilesCounts() {
        assertThat(Tokenizers.present(TestFolders.golden("gpt2"))).isTrue();
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "vocab.json", "merges.txt");
        assertThat(Tokenizers.present(folder)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "not json|is not a valid tokenizer file (character 0: '{' expected)",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0|(character 42: '}' expected)",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": \"x\"}}}|a token id (a whole number from 0 to 16777215)",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 99999999999}}}|a token id (a whole number from 0 to 16777215)",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a|it ends within a string",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"\\u00zz\": 1}}}|four hexadecimal digits expected",
                "{\"normalizer\": [[|it ends within a value",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {}}}|has no vocabulary (model.vocab)",
                "{}|has no vocabulary (model.vocab)",
                "{\"model\": {\"type\": \"Unigram\", \"vocab\": []}}|of type \"Unigram\", which is not supported",
                "{\"added_tokens\": [{\"id\": 1}], \"model\": {\"vocab\": {\"a\": 0}}}|an added token without id or content",
                "{\"added_tokens\": [1 2], \"model\": {\"vocab\": {\"a\": 0}}}|is not valid JSON",
                "{\"post_processor\": {\"type\": \"TemplateProcessing\"}, \"model\": {\"vocab\": {\"a\": 0}}}|a post_processor that",
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}|is not a tokenizer that can be loaded (Token `b`",
            })
    void aGarbledTokenizerJsonIsNamedWithThePlace(String json, String message) {
        TestFolders.write(folder, "tokenizer.json", json);
        assertFails(folder.resolve("tokenizer.json").toString(), message);
    }

    @Test
    void aTokenizerJsonCutOffAnywhereIsRefused() {
        String whole = TestFolders.text(TestFolders.golden("gpt2").resolve("tokenizer.json"));
        for (int length = 0; length < whole.length(); length += 701) {
            TestFolders.write(folder, "tokenizer.json", whole.substring(0, length));
            assertFails(folder.resolve("tokenizer.json").toString());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "[1, 2]|vocab.json is not a valid tokenizer file (character 0: '{' expected)",
                "{}|vocab.json holds no tokens",
                "{\"a\": 1.5}|vocab.json is not a valid tokenizer file (character 6: a token id",
                "{\"a\": -1}|a token id (a whole number from 0 to 16777215)",
                "{\"a\": 16777216}|a token id (a whole number from 0 to 16777215)",
                "{\"a\": true}|a token id (a whole number from 0 to 16777215)",
                "{\"a\": 0, \"b\": 0}|vocab.json gives the id 0 to \"a\" and \"b\"",
                "{\"a\": 0|'}' expected",
            })
    void aGarbledVocabularyIsNamedWithThePlace(String json, String message) {
        TestFolders.write(folder, "vocab.json", json);
        TestFolders.write(folder, "merges.txt", "#version: 0.2\n");
        assertFails(message);
    }

    @ParameterizedTest
    @CsvSource({"a", "a b c", "a  b", "' a'", "'a '"})
    void aMalformedMergeIsNamedWithItsLine(String line) {
        TestFolders.write(folder, "vocab.json", VOCABULARY);
        TestFolders.write(folder, "merges.txt", "#version: 0.2\r\na b\r\n" + line + "\n");
        assertFails(folder.resolve("merges.txt")
                + ", line 3, is not two tokens separated by a space: fetch the file again.");
    }

    @Test
    void aMergeOfUnknownTokensIsRefused() {
        TestFolders.write(folder, "vocab.json", VOCABULARY);
        TestFolders.write(folder, "merges.txt", "#version: 0.2\na c\n");
        assertFails(folder.resolve("merges.txt")
                + ", line 2, makes a token, \"a c\" without the space, which vocab.json does not have");
    }

    @Test
    void aGarbledConfigIsNamed() {
        TestFolders.copy(TestFolders.golden("gpt2"), folder, "tokenizer.json");
        TestFolders.write(folder, "tokenizer_config.json", "{\"add_bos_token\" true}");
        assertFails(folder.resolve("tokenizer_config.json") + " is not valid JSON near ");
        TestFolders.write(folder, "tokenizer_config.json", "[]");
        assertFails(folder.resolve("tokenizer_config.json") + " is not a JSON object: fetch the file again.");
    }

    @Test
    void bytesThatAreNoTextAreCalledThat() throws IOException {
        Files.write(folder.resolve("tokenizer.json"), new byte[] {'{', (byte) 0xFF, '}'});
        assertFails(folder.resolve("tokenizer.json") + " is not UTF-8 text: fetch the file again.");
    }

    @Test
    void aCacheFolderThatCannotBeMadeIsDoneWithout() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        try (Tokenizer tokenizer = Tokenizers.open(TestFolders.golden("gpt2"), file.resolve("cache"))) {
            assertThat(tokenizer.encode("Hello")).isNotEmpty();
        }
        assertThat(file).isRegularFile();
    }

    private void assertFails(String... parts) {
        assertThatThrownBy(() -> TestFolders.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContainingAll(parts)
                .extracting(Throwable::getMessage)
                .asString()
                .doesNotContain("\n")
                .endsWith(".");
    }
}
