package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.Miniature;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.UniformTypes;
import dev.flexgen.engine.tensor.DType;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class RehearsalTest {

    private static final int BOTH_PROMPTS = 2;
    private static final long LONG_ENOUGH = 60_000_000_000L;

    private static ModelSpec spec(String model) {
        return Families.read(Fixtures.golden(model));
    }

    private static boolean hasExperts(String model) {
        return spec(model).block(0).feedForward() instanceof FeedForwardSpec.Experts;
    }

    static Stream<String> kinds() {
        return Fixtures.kinds().filter(model -> !hasExperts(model));
    }

    static Stream<String> kindsWithExperts() {
        return Fixtures.kinds().filter(RehearsalTest::hasExperts);
    }

    /** Ends by the class's time limit if what is rehearsed fails, since that is not told. */
    private static void awaitRounds(Rehearsal rehearsal) throws InterruptedException {
        while (rehearsal.rounds() < BOTH_PROMPTS) {
            Thread.sleep(5);
        }
    }

    private static boolean isOver() {
        return Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("flexgen-rehearsal"));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyKindOfModelIsRehearsedAndEndsWhenItIsClosed(String model) throws InterruptedException {
        var types = new UniformTypes(spec(model), DType.F16, true);
        try (Rehearsal rehearsal = new Rehearsal(types, ModelOptions.DEFAULTS, LONG_ENOUGH)) {
            awaitRounds(rehearsal);
        }
        assertThat(isOver()).isTrue();
    }

    @Test
    void itEndsByItself() throws InterruptedException {
        try (Rehearsal _ =
                new Rehearsal(new UniformTypes(Specs.tiny(700), DType.F16, true), ModelOptions.DEFAULTS, 1)) {
            while (!isOver()) {
                Thread.sleep(5);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = WeightType.class,
            names = {"NATIVE", "F16", "Q8", "Q4", "Q3"})
    void everyEncodingIsRehearsed(WeightType weights) throws InterruptedException {
        var types = new UniformTypes(Specs.tiny(700), DType.BF16, true);
        ModelOptions options = ModelOptions.DEFAULTS.withWeights(weights).withKv(KvType.Q4);
        try (Rehearsal rehearsal = new Rehearsal(types, options, LONG_ENOUGH)) {
            awaitRounds(rehearsal);
        }
        assertThat(isOver()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("kindsWithExperts")
    void expertsHaveNoMiniature(String model) {
        assertThat(Miniature.of(spec(model))).isEmpty();
    }

    @Test
    void aMiniatureHasTheWidthsOfALargeModelInProportion() {
        ModelSpec small = Miniature.of(spec("opt350m-f32")).orElseThrow();
        assertThat(small.layers()).isOne();
        assertThat(small.projectsEmbedding()).isTrue();
        assertThat(small.heads() * small.headDim()).isEqualTo(small.width());
        assertThat(small.parameters()).isLessThan(20_000_000);
    }

    @Test
    void aSmallModelIsNotRehearsed() {
        try (OpenModel engine = OpenModel.open(Fixtures.golden("opt-f32"), EngineOptions.defaults(), GpuSource.NONE)) {
            assertThat(engine.model().loadSeconds()).isPositive();
            assertThat(isOver()).isTrue();
        }
    }
}
