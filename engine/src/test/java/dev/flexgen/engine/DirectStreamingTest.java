package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.device.fake.Faults;
import dev.flexgen.engine.device.fake.Faults.Kind;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.LayerPlan;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.Shard;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Weights that a GPU copies from page-locked memory by itself: nobody waits for them, so no thread brings them. */
@Timeout(60)
class DirectStreamingTest {

    private static final String MODEL = "opt-f32";
    private static final long GPU_BYTES = 16 << 20;
    private static final FakeGpuSettings SETTINGS = FakeGpuSettings.of(GPU_BYTES, 1);
    private static final int[] PROMPT = {2, 5, 9, 11, 4, 7, 8};

    private static Plan plan(int slots) {
        ModelSpec spec = Families.read(Fixtures.golden(MODEL));
        List<Shard> neurons = List.of(
                new Shard(0, 20, Tier.GPU, 0, Access.RESIDENT),
                new Shard(20, spec.ffnWidth(), Tier.HOST, 0, Access.STREAMED));
        List<Shard> heads = List.of(new Shard(0, spec.keyHeads(), Tier.HOST, 0, Access.STREAMED));
        LayerPlan layer = new LayerPlan(0, heads, neurons, neurons);
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), Tier.GPU, 0, Access.RESIDENT));
        return new Plan(0, Collections.nCopies(spec.layers(), layer), head, 4, slots);
    }

    private static OpenModel open(Plan plan, FakeGpuSettings settings) {
        GpuSource gpu =
                () -> new GpuSource.Present("fake GPU", settings.bytes(), ledger -> new FakeGpu(ledger, settings));
        EngineOptions options =
                EngineOptions.defaults().withThreads(2).withLimits(new MemoryLimits(GPU_BYTES, 0, null));
        return OpenModel.open(Fixtures.golden(MODEL), plan, options, gpu);
    }

    private static int[] reply(OpenModel model) {
        try (Session session = model.session()) {
            session.prefill(PROMPT, new CancelToken(), ProgressListener.NONE);
            var request = new GenerationRequest(6, SamplerOptions.greedy(), Set.of());
            return session.generate(request, new CancelToken(), _ -> TokenListener.Verdict.CONTINUE)
                    .ids();
        }
    }

    private static int[] expected() {
        Plan resident = Plan.onOneDevice(Families.read(Fixtures.golden(MODEL)), Tier.GPU, 0);
        try (OpenModel model = open(resident, SETTINGS)) {
            return reply(model);
        }
    }

    @Test
    void repliesAreTheSameWithAnyNumberOfSlotsAndNoThread() {
        int[] expected = expected();
        for (int slots = 2; slots < 12; slots += 3) {
            try (OpenModel model = open(plan(slots), SETTINGS)) {
                assertThat(reply(model)).isEqualTo(expected);
                assertThat(reply(model)).isEqualTo(expected);
                assertThat(Thread.getAllStackTraces().keySet())
                        .extracting(Thread::getName)
                        .doesNotContain("flexgen-prefetch");
            }
        }
    }

    @Test
    void afterACancelledStepTheNextOneIsRight() {
        int[] expected = expected();
        try (OpenModel model = open(plan(3), SETTINGS)) {
            try (Session session = model.session()) {
                CancelToken cancel = new CancelToken();
                cancel.cancel();
                assertThatThrownBy(() -> session.prefill(PROMPT, cancel, ProgressListener.NONE))
                        .isInstanceOf(CancellationException.class);
            }
            assertThat(reply(model)).isEqualTo(expected);
        }
    }

    @Test
    void aCopyThatFailsIsADeviceError() {
        int failed = 0;
        for (int n = 1; n < 300; n += 23) {
            try (OpenModel model = open(plan(3), SETTINGS.withFaults(Faults.nth(Kind.UPLOAD, n)))) {
                assertThat(reply(model)).isNotEmpty(); // fewer copies than n
            } catch (EngineException e) {
                assertThat(e.kind()).as(e.getMessage()).isEqualTo(EngineException.Kind.DEVICE);
                failed++;
            }
        }
        assertThat(failed).isPositive();
    }
}
