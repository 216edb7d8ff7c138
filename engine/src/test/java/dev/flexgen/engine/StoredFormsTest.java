package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.Checkpoint;
import dev.flexgen.engine.checkpoint.Checkpoints;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelTensors;
import dev.flexgen.engine.tensor.ElementType;
import dev.flexgen.engine.tensor.Shape;
import dev.flexgen.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One model in every form in which tools store it: either the same numbers come out, or the form is named. */
class StoredFormsTest {

    private static final String MODEL = "opt-f32";
    private static final String TABLE = "model.decoder.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";
    private static final String WEIGHT = "model.decoder.layers.0.fc1.weight";

    @TempDir
    Path folder;

    private final SafetensorsWriter writer = new SafetensorsWriter();

    @BeforeEach
    void config() throws IOException {
        Files.copy(Fixtures.golden(MODEL).resolve("config.json"), folder.resolve("config.json"));
    }

    private void configWith(String more) throws IOException {
        String config = Files.readString(Fixtures.golden(MODEL).resolve("config.json"))
                .replaceAll("\\s*\"tie_word_embeddings\": (true|false),?", "");
        Files.writeString(folder.resolve("config.json"), config.replaceFirst("\\{", "{" + more + ","));
    }

    private static void each(BiConsumer<String, Tensor> use) {
        try (Checkpoint golden = Checkpoints.open(Fixtures.golden(MODEL))) {
            golden.names().forEach(name -> use.accept(name, golden.tensor(name)));
        }
    }

    private void write(Predicate<String> doubles) throws IOException {
        each((name, tensor) -> {
            if (doubles.test(name)) {
                writer.addDoubles(name, tensor);
            } else {
                writer.add(name, tensor);
            }
        });
        writer.write(folder);
    }

    /** The golden model without a head or a table of its own, the table under {@code name}. */
    private void writeOneTable(String name, String file) throws IOException {
        each((stored, tensor) -> {
            if (stored.equals(TABLE)) {
                writer.add(name, tensor);
            } else if (!stored.equals(HEAD)) {
                writer.add(stored, tensor);
            }
        });
        writer.write(folder, file);
    }

    private static double[] scores(Path model) {
        EngineOptions exact = EngineOptions.defaults().withThreads(2).withKv(KvType.F32);
        try (OpenModel engine = OpenModel.open(model, exact)) {
            return engine.score(Expected.of(MODEL).scoredIds(), new CancelToken());
        }
    }

    private void assertSameNumbers() {
        assertThat(scores(folder)).isEqualTo(scores(Fixtures.golden(MODEL)));
    }

    private void assertRefused(String... parts) {
        assertThatThrownBy(() -> scores(folder))
                .isInstanceOf(EngineException.class)
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("is missing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {".*", ".*(?<!norm)\\.bias", ".*norm.*", ".*embed.*", ".*fc2.weight", ".*layers.1.*", ".*q_proj.*"
            })
    void doublesGiveTheSameNumbers(String regex) throws IOException {
        write(name -> name.matches(regex));
        assertSameNumbers();
    }

    @ParameterizedTest
    @CsvSource({
        "F8_E4M3, an FP8 checkpoint",
        "F8_E5M2, an FP8 checkpoint",
        "I8,      an INT8 checkpoint",
        "U8,      a quantised checkpoint",
        "I64,     I64"
    })
    void optionalTensorsOfOtherTypesAreNotAbsent(ElementType type, String what) throws IOException {
        each((name, tensor) -> {
            if (name.matches(".*layers.*(?<!norm)\\.bias")) {
                writer.add(
                        name,
                        type,
                        tensor.shape(),
                        new byte[(int) type.bytes(tensor.shape().elements())]);
            } else {
                writer.add(name, tensor);
            }
        });
        writer.write(folder);
        assertRefused(folder.toString(), ".bias", "elements of type " + type, what);
    }

    @Test
    void tensorsOfOtherTypesThatNoRoleClaimsAreReadAround() throws IOException {
        writer.add("model.decoder.version", ElementType.I64, Shape.of(1), new byte[8]);
        writer.add("model.decoder.mask", ElementType.BOOL, Shape.of(3), new byte[3]);
        write(name -> false);
        assertSameNumbers();
    }

    @Test
    void aTableStoredAsHeadIsTheTable() throws IOException {
        writeOneTable(HEAD, "model.safetensors");
        assertSameNumbers();
    }

    @Test
    void aTableStoredAsHeadOfAnUntiedModelIsATableLeftOut() throws IOException {
        configWith("\"tie_word_embeddings\": false");
        writeOneTable(HEAD, "model.safetensors");
        assertThatThrownBy(() -> scores(folder)).hasMessageContaining("tensor decoder.embed_tokens.weight is missing");
    }

    @Test
    void anUntiedModelNeedsItsHead() throws IOException {
        configWith("\"tie_word_embeddings\": false");
        writeOneTable(TABLE, "model.safetensors");
        assertThatThrownBy(() -> scores(folder)).hasMessageContaining("tensor lm_head.weight is missing");
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void metadataThatNamesAnotherTensorIsBelieved(boolean tied, boolean storedAsHead) throws IOException {
        configWith("\"tie_word_embeddings\": " + tied);
        writer.metadata(storedAsHead ? TABLE : HEAD, storedAsHead ? HEAD : TABLE);
        writeOneTable(storedAsHead ? HEAD : TABLE, "model.safetensors");
        assertSameNumbers();
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(new ModelTensors(Families.read(folder), checkpoint).hasOwnHead())
                    .isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIndexMayListATiedTableThatNoShardHolds(boolean storedAsHead) throws IOException {
        writeOneTable(storedAsHead ? HEAD : TABLE, "a.safetensors");
        index(HEAD, TABLE);
        assertSameNumbers();
        configWith("\"tie_word_embeddings\": false");
        assertRefused("a.safetensors does not hold the tensor '" + (storedAsHead ? TABLE : HEAD)
                + "' that the index lists there");
    }

    @Test
    void anOptionalTensorThatAnIndexListsAndNoShardHoldsIsNotAbsent() throws IOException {
        List<String> biases = new ArrayList<>();
        each((name, tensor) -> {
            if (name.matches(".*fc1\\.bias")) {
                biases.add(name);
            } else {
                writer.add(name, tensor);
            }
        });
        writer.write(folder, "a.safetensors");
        index(biases.toArray(String[]::new));
        assertRefused("a.safetensors does not hold the tensor 'model.decoder.layers.0.fc1.bias'");
    }

    private void index(String... listed) throws IOException {
        StringBuilder map = new StringBuilder("\"x\":\"a.safetensors\"");
        for (String name : listed) {
            map.append(",\"%s\":\"a.safetensors\"".formatted(name));
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}");
    }

    @Test
    void aCopyOfTheTableIsNoHeadOfItsOwn() throws IOException {
        each((name, tensor) -> {
            if (name.equals(TABLE)) {
                writer.add(HEAD, tensor);
            }
            if (!name.equals(HEAD)) {
                writer.add(name, tensor);
            }
        });
        writer.write(folder);
        assertSameNumbers();
        try (Checkpoint checkpoint = Checkpoints.open(folder)) {
            assertThat(new ModelTensors(Families.read(folder), checkpoint).hasOwnHead())
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "{\"quant_method\": \"gptq\"; \"bits\": 4},                               GPTQ",
        "{\"quant_method\": \"awq\"; \"bits\": 4},                                AWQ",
        "{\"quant_method\": \"fp8\"},                                             FP8",
        "{\"quant_method\": \"bitsandbytes\"; \"load_in_8bit\": true},            bitsandbytes (INT8)",
        "{\"load_in_4bit\": true; \"load_in_8bit\": false},                       bitsandbytes (4 bits)",
        "{\"quant_method\": \"brand-new\"},                                       brand-new"
    })
    void aQuantisedModelIsNamedByItsConfig(String section, String method) throws IOException {
        configWith("\"quantization_config\": " + section.replace(';', ','));
        write(name -> false);
        assertRefused(folder.toString(), "quantization_config says that the weights are quantised by", method);
    }

    @Test
    void quantisationThatIsOffIsNone() throws IOException {
        configWith("\"quantization_config\": {\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": false}");
        write(name -> false);
        assertSameNumbers();
    }

    @ParameterizedTest
    @CsvSource({
        ".qweight,          I32, GPTQ or AWQ",
        ".g_idx,            I32, GPTQ",
        ".weight_packed,    I32, compressed-tensors",
        ".weight.absmax,    F32, bitsandbytes (4 bits)",
        ".SCB,              F32, bitsandbytes (INT8)",
        ".weight_scale_inv, F32, FP8 with scales"
    })
    void quantisedWeightsAreNamedByTheirTensors(String ending, ElementType type, String method) throws IOException {
        each((name, tensor) -> {
            if (!name.equals(WEIGHT)) {
                writer.add(name, tensor);
            }
        });
        String stem = WEIGHT.substring(0, WEIGHT.length() - ".weight".length());
        writer.add(stem + ending, type, Shape.of(1), new byte[4]);
        writer.write(folder);
        assertRefused("decoder.layers.0.fc1 are quantised by " + method, "fetch the unquantised model");
    }

    @Test
    void floatsWithScalesBesideThemAreNotUsedWithout() throws IOException {
        writer.add(WEIGHT.replace(".weight", ".weight_scale"), ElementType.F32, Shape.of(1), new byte[4]);
        write(name -> false);
        assertRefused("decoder.layers.0.fc1 are quantised by FP8 or INT8 with scales");
    }
}
