package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.Fixtures;
import dev.flexgen.engine.RandomPlans;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
