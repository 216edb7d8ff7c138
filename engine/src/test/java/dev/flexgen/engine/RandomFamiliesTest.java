package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of every family run with random weights of the shapes that the golden models have, in every encoding. */
@Timeout(60)
class RandomFamiliesTest {

    private static final RandomWeights WEIGHTS = new RandomWeights(DType.F16, 1, 0);
    private static final int[] PROMPT = {3, 5, 8, 13, 21, 34, 55};

    static Stream<Arguments> modelsAndEncodings() {
        return Fixtures.kinds()
                .flatMap(model -> Arrays.stream(WeightType.values())
                        .filter(type -> type != WeightType.AUTO)
                        .map(type -> Arguments.of(model, type)));
    }

    @ParameterizedTest
    @MethodSource("modelsAndEncodings")
    void everyKindOfModelDecodes(String model, WeightType type) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        EngineOptions options = EngineOptions.defaults().withThreads(2).withWeights(type);
        GenerationRequest request = new GenerationRequest(4, SamplerOptions.greedy(), Set.of());
        try (OpenModel engine = OpenModel.random(spec, WEIGHTS, options, GpuSource.NONE);
                Session session = engine.session()) {
            session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
            int[] ids = session.generate(request, new CancelToken(), _ -> TokenListener.Verdict.CONTINUE)
                    .ids();
            assertThat(ids).hasSize(4);
            assertThat(engine.ledger().byOwner(Tier.HOST))
                    .as("what was planned is what is held")
                    .isEqualTo(engine.model().footprint().held().get(Tier.HOST));
            assertThat(Arrays.stream(engine.score(PROMPT, new CancelToken())).skip(1))
                    .allMatch(Double::isFinite);
        }
    }

    @Test
    void everyFamilyOfTheCatalogueIsAmongThem() {
        Set<String> families = Fixtures.kinds()
                .map(model -> Families.read(Fixtures.golden(model)).family())
                .collect(Collectors.toSet());
        assertThat(Catalogue.load().entries())
                .extracting(CatalogueEntry::family)
                .allMatch(families::contains);
    }
}
