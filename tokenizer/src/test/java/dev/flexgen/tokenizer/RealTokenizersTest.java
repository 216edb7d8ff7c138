package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizers of the public OPT and CodeGen models, where their files are at hand. */
class RealTokenizersTest {

    @TempDir
    Path folder;

    @Test
    void optFromItsVocabularyAndMergesAgreesWithTheReference() {
        assertOpt(TestFolders.shared("opt"));
    }

    @Test
    void optFromASavedTokenizerJsonAgreesWithTheReference() {
        assertOpt(TestFolders.shared("opt").resolve("saved"));
    }

    @Test
    void optNeedsNothingButVocabularyMergesAndTheModelsConfig() {
        Path opt = TestFolders.shared("opt");
        TestFolders.copy(opt, folder, "vocab.json", "merges.txt");
        TestFolders.write(folder, "config.json", TestFolders.text(opt.resolve("config.opt-125m.json")));
        assertOpt(folder);
    }

    @Test
    void codeGenKeepsItsRunsOfSpacesAndPrependsNothing() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.shared("codegen"))) {
            assertThat(tokenizer.size()).isEqualTo(50295);
            assertThat(tokenizer.encode("Hello world")).containsExactly(15496, 995);
            assertThat(tokenizer.encode(" ".repeat(31) + "x")).containsExactly(50257, 87);
            assertThat(tokenizer.encode("\t".repeat(9))).containsExactly(50287);
            String code = "def f(x):\n    return  x\t\t# done\n";
            assertThat(tokenizer.encode(code)).containsExactly(tokenizer.encodeWithSpecialTokens(code));
            assertThat(tokenizer.decode(tokenizer.encode(code))).isEqualTo(code);
            assertThat(tokenizer.isSpecial(50256)).isTrue();
            assertThat(tokenizer.encodeWithSpecialTokens("<|endoftext|>")).containsExactly(50256);
            assertThat(tokenizer.encode("<|endoftext|>")).doesNotContain(50256);
            assertThat(tokenizer.decode(tokenizer.encode("<|endoftext|>"))).isEqualTo("<|endoftext|>");
        }
    }

    private static void assertOpt(Path folder) {
        Path reference = TestFolders.shared("opt").resolve("golden.json");
        try (Tokenizer tokenizer = TestFolders.open(folder)) {
            assertThat(tokenizer.size()).isEqualTo(50265);
            for (JsonElement element :
                    JsonParser.parseString(TestFolders.text(reference)).getAsJsonArray()) {
                JsonObject single = element.getAsJsonObject();
                String text = single.get("text").getAsString();
                int[] ids = TestFolders.ids(single, "ids");
                int[] plain = tokenizer.encode(text);
                assertThat(tokenizer.encodeWithSpecialTokens(text))
                        .containsExactly(TestFolders.ids(single, "ids_no_special"));
                assertThat(tokenizer.decode(plain)).isEqualTo(text);
                if (text.contains("</s>")) {
                    assertThat(plain).startsWith(2).doesNotContain(1);
                    assertThat(tokenizer.encodeContinuation(text)).doesNotContain(2);
                } else {
                    assertThat(plain).containsExactly(ids);
                }
            }
            assertThat(tokenizer.decode(new int[] {31414, 50265, 50271, 2, 1, 232}))
                    .isEqualTo("Hello world");
        }
    }
}
