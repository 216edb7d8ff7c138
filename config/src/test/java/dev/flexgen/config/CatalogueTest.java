package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CatalogueTest {

    private static final Catalogue CATALOGUE = Catalogue.load();

    static List<CatalogueEntry> entries() {
        return CATALOGUE.entries();
    }

    /** The layouts of the published checkpoints, summed tensor by tensor. A tied head is counted once. */
    private static long parameters(CatalogueEntry entry) {
        Geometry g = entry.geometry();
        long width = g.width();
        long queries = (long) g.heads() * g.headDim();
        long keys = (long) g.kvHeads() * g.headDim();
        long ffn = g.ffnWidth();
        long embedding = (long) g.vocabSize() * g.embeddingWidth();
        long norm = 2 * width;
        return switch (entry.family()) {
            case "opt" -> {
                long positions = (g.positions() + 2L) * width;
                long layer = 4 * (width * width + width) + 2 * width * ffn + ffn + width + 2 * norm;
                // 350m: projections in and out of the narrow embedding, and no norm at the end.
                long ends = g.embeddingWidth() == width ? norm : 2L * g.embeddingWidth() * width;
                yield embedding + positions + g.layers() * layer + ends;
            }
            case "bloom" -> {
                long layer = 4 * (width * width + width) + 2 * width * ffn + ffn + width + 2 * norm;
                yield embedding + norm + g.layers() * layer + norm;
            }
            case "codegen" -> {
                long layer = 4 * width * width + 2 * width * ffn + ffn + width + norm;
                yield 2 * embedding + g.vocabSize() + g.layers() * layer + norm;
            }
            case "glm" -> {
                boolean edge = entry.series().equals("GLM-Edge");
                long biases = edge ? 0 : queries + 2 * keys;
                long layer = 2 * width * queries + 2 * width * keys + biases + 3 * width * ffn + norm;
                yield (edge ? 1 : 2) * embedding + g.layers() * layer + width;
            }
            default ->
                llamaLike(
                        entry,
                        JsonParser.parseString(entry.config().isEmpty() ? "{}" : entry.config())
                                .getAsJsonObject());
        };
    }

    /** RMS norms, gated networks, and what each family adds. */
    private static long llamaLike(CatalogueEntry entry, JsonObject config) {
        Geometry g = entry.geometry();
        long width = g.width();
        long queries = (long) g.heads() * g.headDim();
        long keys = (long) g.kvHeads() * g.headDim();
        long biases = Set.of("qwen2", "glm4_moe").contains(entry.family()) ? queries + 2 * keys : 0;
        boolean headNorms = entry.family().startsWith("qwen3") || config.has("use_qk_norm");
        long layer = 2 * width * (queries + keys) + biases + (headNorms ? 2L * g.headDim() : 0) + 2 * width;
        long dense = 3 * width * g.ffnWidth();
        long networks = switch (entry.family()) {
            case "llama", "mistral", "qwen2", "qwen3" -> g.layers() * dense;
            case "mixtral" -> g.layers() * (8 * dense + 8 * width);
            case "qwen3_moe" -> g.layers() * experts(width, config, "num_experts");
            case "glm4_moe" -> {
                int first = config.get("first_k_dense_replace").getAsInt();
                long shared = 3 * width * config.get("moe_intermediate_size").getAsLong();
                long corrections = config.get("n_routed_experts").getAsLong();
                long sparse = experts(width, config, "n_routed_experts") + shared + corrections;
                yield first * dense + (g.layers() - first) * sparse;
            }
            default -> throw new AssertionError(entry.family());
        };
        long tables = config.has("tie_word_embeddings") ? 1 : 2;
        return tables * g.vocabSize() * width + g.layers() * layer + networks + width;
    }

    /** With what chooses them. */
    private static long experts(long width, JsonObject config, String count) {
        long neurons = config.get("moe_intermediate_size").getAsLong();
        return config.get(count).getAsLong() * (3 * width * neurons + width);
    }

    @ParameterizedTest
    @MethodSource("entries")
    void parameterCountFollowsFromTheGeometry(CatalogueEntry entry) {
        assertThat(entry.parameters()).as(entry.name()).isEqualTo(parameters(entry));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void onlyCodeGenAndGlmWithExpertsPublishMoreThanTwoBytesAParameter(CatalogueEntry entry) {
        long masks = switch (entry.family()) {
            // Its checkpoints carry a causal mask of 2048 x 2048 bytes in every layer.
            case "codegen" -> entry.geometry().layers() * 2048L * 2048L;
            // And these a layer that guesses tokens ahead.
            case "glm4_moe" -> entry.name().equals("glm-4.5-air") ? 7_233_147_136L : 11_079_924_544L;
            default -> 0;
        };

        assertThat(entry.downloadBytes()).as(entry.name()).isEqualTo(2 * entry.parameters() + masks);
    }

    @Test
    void holdsEverySizeOfEverySeries() {
        assertThat(entries().stream().map(CatalogueEntry::series).distinct())
                .startsWith("OPT", "OPT-IML", "Galactica", "BLOOM", "BLOOMZ", "CodeGen", "GLM-4", "GLM-Edge")
                .endsWith("Llama 3.2", "Mistral", "Mixtral", "Qwen2", "Qwen3", "Qwen3 with experts", "GLM-4.5");
        assertThat(entries()).hasSize(9 + 4 + 5 + 6 + 6 + 12 + 3 + 2 + 3 + 2 + 2 + 2 + 3 + 2 + 4 + 6 + 2 + 2);
        assertThat(entries().stream().map(CatalogueEntry::name)).doesNotHaveDuplicates();
        assertThat(entries().stream().map(CatalogueEntry::hubId)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({
        "opt-125m, facebook/opt-125m",
        "OPT-1.3B, facebook/opt-1.3b",
        "facebook/galactica-30b, facebook/galactica-30b",
        "salesforce/codegen-350m-MONO, Salesforce/codegen-350M-mono",
        "bloom, bigscience/bloom",
        "glm-4-9b-chat, THUDM/glm-4-9b-chat-hf",
    })
    void findsByNameAndByHubId(String nameOrHubId, String hubId) {
        assertThat(CATALOGUE.find(nameOrHubId).orElseThrow().hubId()).isEqualTo(hubId);
    }

    @Test
    void findsNothingElse() {
        assertThat(CATALOGUE.find("opt-14b")).isEmpty();
        assertThat(CATALOGUE.find("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "opt-1.3, opt-1.3b",
        "opt-125, opt-125m",
        "opt125m, opt-125m",
        "opt-iml-1.3b-max, opt-iml-1.3b",
        "galatica-6.7b, galactica-6.7b",
        "facebok/opt-66b, facebook/opt-66b",
    })
    void suggestsTheNearestName(String typed, String name) {
        assertThat(CATALOGUE.nearest(typed)).contains(name);
    }

    @Test
    void suggestsNothingForSomethingElse() {
        assertThat(CATALOGUE.nearest("gpt-neo-x")).isEmpty();
    }

    @Test
    void opt350mHasANarrowEmbedding() {
        Geometry geometry = CATALOGUE.find("opt-350m").orElseThrow().geometry();

        assertThat(geometry).isEqualTo(new Geometry(24, 1024, 16, 16, 64, 4096, 50272, 2048, 512, Activation.RELU));
    }

    @Test
    void aModelOverridesWhatItsSeriesSays() {
        CatalogueEntry base = CATALOGUE.find("glm-4-9b").orElseThrow();

        assertThat(base.promptStyle()).isEqualTo(PromptStyle.DIALOGUE);
        assertThat(base.geometry().positions()).isEqualTo(8192);
        assertThat(CATALOGUE.find("glm-4-9b-chat").orElseThrow().promptStyle()).isEqualTo(PromptStyle.GLM);
    }

    @Test
    void onlyOpt175bIsNotDownloadable() {
        assertThat(entries())
                .filteredOn(entry -> !entry.downloadable())
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.name()).isEqualTo("opt-175b");
                    assertThat(entry.notDownloadable()).contains("on request only");
                });
    }

    @Test
    void onlyOpenSourceLicencesNeedNoAgreement() {
        for (CatalogueEntry entry : Catalogue.load().entries()) {
            assertThat(entry.terms().askFirst())
                    .as(entry.name())
                    .isEqualTo(!entry.licence().matches("(BSD|Apache|MIT).*"));
        }
        assertThat(Catalogue.load().find("opt-1.3b").orElseThrow().terms()).isEqualTo(LicenceTerms.NON_COMMERCIAL);
    }
}
