package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.config.Catalogue;
import dev.flexgen.engine.Expected;
import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.NumpyWriter;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.model.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of numpy weights as FlexGen leaves it is a model for every command. */
class NumpyFolderTest {

    @TempDir
    Path home;

    private Session.Outcome run(String... arguments) {
        return new Session(home).run(arguments);
    }

    private Path convert() throws IOException {
        Path folder = Files.createDirectory(home.resolve("tiny-np"));
        NumpyWriter.convert("opt-f32", folder);
        Files.copy(Fixtures.golden("opt-f32").resolve("config.json"), folder.resolve("config.json"));
        return folder;
    }

    /** All tensors of opt-125m, zeros on no disk; a published model needs no {@code config.json}. */
    private Path opt125m() throws IOException {
        Path folder = Files.createDirectory(home.resolve("opt-125m-np"));
        ModelSpec spec = PublishedModels.spec(Catalogue.load().find("opt-125m").orElseThrow());
        for (TensorSpec tensor : spec.tensors()) {
            for (int layer = 0; layer < tensor.layers(); layer++) {
                String name = Families.named("opt")
                        .tensors()
                        .spellings(tensor.role(), layer, 0)
                        .getFirst();
                long[] extents = tensor.shape().extents().stream()
                        .mapToLong(Long::longValue)
                        .toArray();
                NumpyWriter.writeSparse(folder.resolve(name), "<f2", Short.BYTES, extents);
            }
        }
        return folder;
    }

    private static String ids(int[] ids) {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    @Test
    void idsAreContinuedAndScoredWithoutATokenizer() throws IOException {
        String folder = convert().toString();
        Expected.Prompt prompt = Expected.of("opt-f32").prompts().getFirst();

        var generated = run(
                "generate",
                "-m",
                folder,
                "--ids",
                ids(prompt.ids()),
                "--temperature",
                "0",
                "--max-new-tokens",
                Integer.toString(prompt.greedy().length));
        assertThat(generated.out()).isEqualTo(ids(prompt.greedy()) + "\n");

        String golden = Fixtures.golden("opt-f32").toString();
        assertThat(run("score", "-m", folder, "--ids", ids(prompt.ids())).out())
                .isNotEmpty()
                .isEqualTo(
                        run("score", "-m", golden, "--ids", ids(prompt.ids())).out());
        assertThat(run("generate", "-m", folder, "--prompt", "hello").err()).contains("--ids");
    }

    @Test
    void vocabularyBesideTheWeightsIsUsed() throws IOException {
        Path folder = convert();
        Path golden = Fixtures.golden("opt-f32");
        for (String file : new String[] {"vocab.json", "merges.txt"}) {
            Files.copy(golden.resolve(file), folder.resolve(file));
        }

        var outcome = run(
                "generate",
                "-m",
                "tiny-np",
                "--json",
                "--max-new-tokens",
                "16",
                "--prompt",
                "Hello world, the small model reads bytes.");

        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        JsonObject line = JsonParser.parseString(outcome.out()).getAsJsonObject();
        JsonObject wanted = JsonParser.parseString(Files.readString(golden.resolve("expected.json")))
                .getAsJsonObject()
                .getAsJsonObject("text")
                .getAsJsonArray("cases")
                .get(0)
                .getAsJsonObject();
        assertThat(line.get("ids")).isEqualTo(wanted.get("greedy_tokens"));
        assertThat(line.get("text")).isEqualTo(wanted.get("greedy_text"));
    }

    @Test
    void aPublishedModelIsShownAndRunsWithoutAConfig() throws IOException {
        Path folder = opt125m();

        assertThat(run("models", "show", "opt-125m-np").out())
                .containsPattern("heads +12")
                .containsPattern("layers +12")
                .contains(folder.toString());
        var generated =
                run("generate", "-m", "opt-125m-np", "--ids", "2,5", "--max-new-tokens", "2", "--context", "16");
        assertThat(generated.err()).isEmpty();
        assertThat(generated.out()).matches("\\d+,\\d+\n");
    }

    @Test
    void anInterruptedConversionIsAnInvalidModel() throws IOException {
        Path folder = opt125m();
        Files.delete(folder.resolve("decoder.layers.11.fc2.weight"));

        var outcome = run("generate", "-m", folder.toString(), "--ids", "2");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.MODEL);
        assertThat(outcome.err())
                .startsWith("flexgen-chat: " + folder)
                .contains("decoder.layers.11.fc2.weight is missing")
                .hasLineCount(1);
    }
}
