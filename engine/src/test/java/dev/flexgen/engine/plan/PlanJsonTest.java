package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.RandomPlans;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlanJsonTest {

    private static final ModelSpec SPEC = Families.read(Fixtures.golden("opt-f32"));

    @Test
    void aPlanIsReadAsItWasWritten() {
        RandomPlans plans = new RandomPlans(SPEC, 4);
        for (int i = 0; i < 20; i++) {
            Plan plan = i % 2 == 0 ? plans.withGpu() : plans.withTwoGpus();
            assertThat(PlanJson.read(PlanJson.write(plan), "plan.json")).isEqualTo(plan);
        }
    }

    @Test
    void layersThatAreAlikeStandOnce() {
        String text = PlanJson.write(Plan.onOneDevice(SPEC, Tier.HOST, 0));
        assertThat(text).containsOnlyOnce("\"count\": " + SPEC.layers()).containsOnlyOnce("\"up\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"tier\": \"host\" | \"tier\": \"attic\" | \"tier\" to be one of gpu, host, disk",
                "\"access\": \"resident\" | \"access\": 3 | \"access\" to be one of resident, streamed, mapped, on_demand",
                "\"home\": 0 | \"home\": 0.5 | whole number \"home\"",
                "\"ring_slots\": 8 | \"ring_slot\": 4 | unknown key \"ring_slot\"",
                "\"ring_slots\": 8 | \"ring_slots\": 1 | at least 2 slots",
                "\"from\": 0 | \"from\": 1 | starts at 1 instead of 0",
                "\"layers\" | \"layer\" | unknown key \"layer\"",
                "\"access\": \"resident\" | \"access\": \"on_demand\" | is no plan"
            })
    void whatIsWrongIsNamed(String right, String wrong, String message) {
        String text = PlanJson.write(Plan.onOneDevice(SPEC, Tier.HOST, 0));
        assertThat(text).contains(right);
        assertThatThrownBy(() -> PlanJson.read(text.replaceFirst(right, wrong), "plan.json"))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT))
                .hasMessageContaining("plan.json")
                .hasMessageContaining(message);
    }

    private static String withFetchedShare(String share) {
        ModelSpec experts = Families.read(Fixtures.golden("mixtral-f32"));
        Plan whole = Plan.onOneDevice(experts, Tier.GPU, 0);
        List<LayerPlan> layers = whole.layers().stream()
                .map(it -> new LayerPlan(it.home(), it.heads(), it.up(), it.down(), it.experts(), 0.25))
                .toList();
        String text = PlanJson.write(new Plan(0, layers, whole.head(), whole.computeBoundTokens(), whole.ringSlots()));
        assertThat(text).contains("\"fetched_share\": 0.25");
        return text.replace("\"fetched_share\": 0.25", "\"fetched_share\": " + share);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.001", "1.001", "1e308", "NaN", "null", "\"0.5\"", "true", "[0.5]", "{}"})
    void aShareOfFetchedExpertsThatIsNoneIsNamed(String share) {
        assertThatThrownBy(() -> PlanJson.read(withFetchedShare(share), "plan.json"))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT))
                .hasMessageStartingWith("plan.json")
                .hasMessageContaining("fetched_share");
    }

    @Test
    void onlyAGpuFetchesExpertsAndOnlyWhereThereAreSome() {
        ModelSpec experts = Families.read(Fixtures.golden("mixtral-f32"));
        for (String share : List.of("0", "0.5", "1")) {
            Plan plan = PlanJson.read(withFetchedShare(share), "plan.json");
            new PlanCheck(experts, List.of(Tier.GPU, Tier.HOST)).check(plan);
        }
        assertFetchingRefused(experts, Plan.onOneDevice(experts, Tier.HOST, 1));
        assertFetchingRefused(SPEC, Plan.onOneDevice(SPEC, Tier.GPU, 0));
    }

    /** In the last layer, where the others fetch nothing. */
    private static void assertFetchingRefused(ModelSpec spec, Plan plan) {
        PlanCheck check = new PlanCheck(spec, List.of(Tier.GPU, Tier.HOST));
        check.check(plan);
        List<LayerPlan> layers = new ArrayList<>(plan.layers());
        LayerPlan last = layers.removeLast();
        layers.add(new LayerPlan(last.home(), last.heads(), last.up(), last.down(), last.experts(), 0.5));
        Plan fetching =
                new Plan(plan.embeddingDevice(), layers, plan.head(), plan.computeBoundTokens(), plan.ringSlots());
        assertThatThrownBy(() -> check.check(fetching))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT))
                .hasMessageContaining("layer " + (spec.layers() - 1))
                .hasMessageContaining("needs experts and a GPU");
    }

    @Test
    void whatIsNoJsonIsSaid() {
        for (String text : List.of("", "[1, 2", "nonsense", "[]", "{}", "{\"layers\": 3}")) {
            assertThatThrownBy(() -> PlanJson.read(text, "plan.json"))
                    .as(text)
                    .isInstanceOf(EngineException.class)
                    .hasMessageStartingWith("plan.json");
        }
    }

    @Test
    void aPlanOfAnotherModelOrMachineIsRefused() {
        PlanCheck onProcessor = new PlanCheck(SPEC, List.of(Tier.HOST));
        assertThatThrownBy(() -> onProcessor.check(new RandomPlans(SPEC, 4).withTwoGpus()))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("this machine has 1");
        Plan other = Plan.onOneDevice(Families.read(Fixtures.golden("opt350m-f32")), Tier.HOST, 0);
        assertThatThrownBy(() -> onProcessor.check(other))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("does not fit this model");
    }
}
