package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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
            default -> throw new AssertionError(entry.family());
        };
    }

    @ParameterizedTest
    @MethodSource("entries")
    void parameterCountFollowsFromTheGeometry(CatalogueEntry entry) {
        assertThat(entry.parameters()).as(entry.name()).isEqualTo(parameters(entry));
    }

    @ParameterizedTest
    @MethodSource("entries")
    void onlyCodeGenPublishesMoreThanTwoBytesAParameter(CatalogueEntry entry) {
        // Its checkpoints carry a causal mask of 2048 x 2048 bytes in every layer.
        long masks = entry.family().equals("codegen") ? entry.geometry().layers() * 2048L * 2048L : 0;

        assertThat(entry.downloadBytes()).as(entry.name()).isEqualTo(2 * entry.parameters() + masks);
    }

    @Test
    void holdsEverySizeOfEverySeries() {
        assertThat(entries().stream().map(CatalogueEntry::series).distinct())
                .containsExactly("OPT", "OPT-IML", "Galactica", "BLOOM", "BLOOMZ", "CodeGen", "GLM-4", "GLM-Edge");
        assertThat(entries()).hasSize(9 + 4 + 5 + 6 + 6 + 12 + 3 + 2);
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
        assertThat(CATALOGUE.nearest("mistral")).isEmpty();
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
                    .isEqualTo(!entry.licence().startsWith("BSD"));
        }
        assertThat(Catalogue.load().find("opt-1.3b").orElseThrow().terms()).isEqualTo(LicenceTerms.NON_COMMERCIAL);
    }
}
