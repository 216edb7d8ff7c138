package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A file of keys and values is right whatever devices wrote and read it. */
@Timeout(300)
class SavedCachePlansTest extends SavedCaches {

    private static final int ROUNDS = Boolean.getBoolean("flexgen.full") ? 20 : 1;

    static Stream<String> models() {
        return Fixtures.models();
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyPlanReadsWhatAnyPlanHasWritten(String model) {
        ModelSpec spec = Families.read(Fixtures.golden(model));
        RandomPlans plans = new RandomPlans(spec, model.hashCode());
        for (KvType kv : List.of(KvType.F32, KvType.F16, KvType.Q4)) {
            for (int round = 0; round < ROUNDS; round++) {
                Place gpu = new Place(plans.withGpu(), gpu(round));
                Place other = round % 3 == 2
                        ? new Place(plans.withGpu(), gpu(round + 100))
                        : new Place(plans.forProcessor(), GpuSource.NONE);
                assertGoldenAfterLoading(model, kv, round % 2 == 0 ? gpu : other, round % 2 == 0 ? other : gpu);
            }
        }
    }

    private record Place(Plan plan, GpuSource gpus) {}

    private OpenModel open(String model, KvType kv, Place place) {
        return OpenModel.open(Fixtures.golden(model), place.plan(), options(kv), place.gpus());
    }

    private void assertGoldenAfterLoading(String model, KvType kv, Place writing, Place reading) {
        for (Expected.Prompt prompt : Expected.of(model).prompts()) {
            if (prompt.ids().length < 2) {
                continue;
            }
            int[] expected = prompt.greedy();
            try (OpenModel first = open(model, kv, writing);
                    Session session = first.session()) {
                prefill(session, prompt.ids());
                int[] said = greedy(session, 5);
                assertThat(said).isEqualTo(Arrays.copyOf(expected, 5));
                if (kv == KvType.Q4) { // transformers has no such cache: what the tokens say is compared with what they
                    // said
                    prefill(session, prompt.ids());
                    expected = greedy(session, expected.length);
                }
                prefill(session, join(prompt.ids(), said));
                assertThat(save(session)).isPresent();
            }
            try (OpenModel second = open(model, kv, reading);
                    Session session = second.session()) {
                KvLoad loaded = load(session, prompt.ids());
                assertThat(loaded.fault()).isEmpty();
                assertThat(loaded.tokens()).isGreaterThanOrEqualTo((prompt.ids().length - 1) / 64 * 64);
                prefill(session, prompt.ids());
                assertThat(second.counters().tokens())
                        .isEqualTo(prompt.ids().length - loaded.tokens())
                        .isLessThan(64 + 1);
                assertThat(greedy(session, prompt.greedy().length))
                        .as("%s, %s, written by %s, read by %s", prompt.name(), kv, writing, reading)
                        .isEqualTo(expected);
            }
        }
    }
}
