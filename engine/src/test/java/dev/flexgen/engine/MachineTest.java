package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.Capability;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.fake.FakeGpu;
import dev.flexgen.engine.device.fake.FakeGpuSettings;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One machine, several models: one ledger, one pool, one thing at a time. */
@Timeout(60)
class MachineTest {

    private static final long GPU_BYTES = 16 << 20;
    private static final String ONE = "opt-f32";
    private static final String OTHER = "opt350m-f32";

    private static final GpuSource FAKE = () -> new GpuSource.Present(
            "fake GPU", GPU_BYTES, ledger -> new FakeGpu(ledger, FakeGpuSettings.of(GPU_BYTES, 3)));

    private static final ModelOptions EXACT = ModelOptions.DEFAULTS.withKv(KvType.F32);

    private static Machine machine(boolean gpu) {
        EngineOptions options =
                EngineOptions.defaults().withThreads(2).withLimits(new MemoryLimits(GPU_BYTES, 64 << 20, null));
        return Machine.open(options, gpu ? FAKE : GpuSource.NONE);
    }

    private static int[] reply(Session session, Expected.Prompt prompt) {
        session.prefill(prompt.ids(), new CancelToken(), ProgressListener.NONE);
        GenerationRequest request = new GenerationRequest(prompt.greedy().length, SamplerOptions.greedy(), Set.of());
        return session.generate(request, new CancelToken(), id -> TokenListener.Verdict.CONTINUE)
                .ids();
    }

    private static GpuSource without(Capability missing) {
        return () -> new GpuSource.Present(
                "fake GPU",
                GPU_BYTES,
                ledger -> new FakeGpu(ledger, FakeGpuSettings.of(GPU_BYTES, 3).without(missing)));
    }

    @Test
    void theProcessorComputesWhatTheGpuHasNoKernelsFor() {
        EngineOptions options =
                EngineOptions.defaults().withThreads(2).withLimits(new MemoryLimits(GPU_BYTES, 64 << 20, null));
        try (Machine machine = Machine.open(options, without(Capability.ROTARY));
                Model llama = machine.open(Fixtures.golden("llama-f32"), EXACT);
                Model opt = machine.open(Fixtures.golden(ONE), EXACT);
                Session session = llama.session()) {
            assertThat(llama.notes())
                    .contains(
                            "the processor computes alone: this version has no GPU kernels for rotary positions, which"
                                    + " models of type llama need");
            assertThat(llama.plan().tiers()).containsExactly(Tier.HOST);
            assertThat(opt.plan().tiers()).containsExactly(Tier.GPU);
            assertThat(opt.notes()).isEmpty();
            Expected.Prompt prompt = Expected.of("llama-f32").prompts().getFirst();
            assertThat(reply(session, prompt)).isEqualTo(prompt.greedy());
        }
    }

    @Test
    void aGpuThatIsDemandedAndHasNoKernelsIsRefused() {
        EngineOptions options = EngineOptions.defaults()
                .withThreads(2)
                .withDevice(DeviceChoice.CUDA)
                .withLimits(new MemoryLimits(GPU_BYTES, 64 << 20, null));
        try (Machine machine = Machine.open(options, without(Capability.GATES))) {
            assertThatThrownBy(() -> machine.open(Fixtures.golden("llama-f32"), EXACT))
                    .isInstanceOf(EngineException.class)
                    .hasMessage(
                            "fake GPU has no kernels for gated feed-forward networks, which models of type llama need;"
                                    + " use --device cpu");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void twoModelsTakeTurnsAndShareTheLedger(boolean gpu) {
        Machine machine = machine(gpu);
        try (machine) {
            Map<Tier, Long> empty = machine.ledger().bytes();
            Model one = machine.open(Fixtures.golden(ONE), EXACT);
            Map<Tier, Long> withOne = machine.ledger().bytes();
            Budget left = machine.budget();
            Model other = machine.open(Fixtures.golden(OTHER), EXACT);
            assertThat(bytes(machine.budget()))
                    .as("the second takes from what the first left")
                    .isLessThan(bytes(left));
            try (Session first = one.session();
                    Session second = other.session()) {
                List<Expected.Prompt> prompts = Expected.of(ONE).prompts();
                List<Expected.Prompt> others = Expected.of(OTHER).prompts();
                for (int i = 0; i < Math.min(prompts.size(), others.size()); i++) {
                    assertThat(reply(first, prompts.get(i)))
                            .isEqualTo(prompts.get(i).greedy());
                    assertThat(reply(second, others.get(i)))
                            .isEqualTo(others.get(i).greedy());
                }
            }
            other.close();
            assertThat(machine.ledger().bytes()).as("the second's part").isEqualTo(withOne);
            try (Session again = one.session()) {
                Expected.Prompt prompt = Expected.of(ONE).prompts().getFirst();
                assertThat(reply(again, prompt)).isEqualTo(prompt.greedy());
            }
            one.close();
            one.close();
            assertThat(machine.ledger().bytes()).isEqualTo(empty);
        }
        assertThat(machine.ledger().report()).isEmpty();
    }

    @Test
    void aSecondModelThatDoesNotFitLeavesTheFirst() {
        EngineOptions options = EngineOptions.defaults().withThreads(1).withLimits(new MemoryLimits(0, 3 << 20, null));
        try (Machine machine = Machine.open(options, GpuSource.NONE)) {
            RandomWeights weights = new RandomWeights(DType.F32, 1, 0);
            Model one = machine.random(Specs.tiny(64), weights, EXACT);
            Map<Tier, Long> held = machine.ledger().bytes();
            List<Model> more = new ArrayList<>();
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 100; i++) {
                            more.add(machine.random(Specs.tiny(64), weights, EXACT));
                        }
                    })
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT));
            more.forEach(Model::close);
            assertThat(machine.ledger().bytes()).isEqualTo(held);
            assertThat(one.score(new int[] {1, 2, 3}, new CancelToken())).hasSize(3);
        }
    }

    @Test
    void closingTheMachineClosesItsModels() {
        Machine machine = machine(true);
        machine.open(Fixtures.golden(ONE), EXACT);
        machine.open(Fixtures.golden(OTHER), EXACT);
        machine.close();
        machine.close();
        assertThat(machine.ledger().report()).isEmpty();
    }

    @Test
    void aSessionTakesItsRoomWhenItOpensAndNoneLater() {
        try (Machine machine = machine(false)) {
            Model model = machine.random(Specs.tiny(200), new RandomWeights(DType.F32, 1, 0), EXACT);
            try (Session session = model.session()) {
                long held = machine.ledger().bytes(Tier.HOST);
                machine.ledger().cap(Tier.HOST, held); // from now on nothing can be had
                for (int length : new int[] {3, 199, 5, 200}) {
                    session.prefill(new int[length], new CancelToken(), ProgressListener.NONE);
                    assertThat(machine.ledger().bytes(Tier.HOST)).isEqualTo(held);
                }
                assertThatThrownBy(model::session)
                        .isInstanceOf(EngineException.class)
                        .hasMessageContaining("KV cache");
                assertThat(machine.ledger().bytes(Tier.HOST))
                        .as("and leaves nothing")
                        .isEqualTo(held);
            }
        }
    }

    @Test
    void sessionsOfSeveralThreadsTakeTurns() throws Exception {
        try (Machine machine = machine(true);
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            Model model = machine.open(Fixtures.golden(ONE), EXACT);
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                results.add(threads.submit(() -> {
                    try (Session session = model.session()) {
                        for (Expected.Prompt prompt : Expected.of(ONE).prompts()) {
                            assertThat(reply(session, prompt)).isEqualTo(prompt.greedy());
                        }
                    }
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    @Test
    void asManySessionsArePlannedForAsThereIsRoomFor() {
        RandomWeights weights = new RandomWeights(DType.F32, 1, 0);
        EngineOptions options = EngineOptions.defaults().withThreads(1).withDevice(DeviceChoice.CPU);
        long all;
        try (Machine machine = Machine.open(options, GpuSource.NONE)) {
            Model model = machine.random(Specs.tiny(2000), weights, EXACT.withSessions(16, 8));
            assertThat(model.sessions()).isEqualTo(16);
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                sessions.add(model.session());
            }
            all = machine.ledger().bytes(Tier.HOST);
            sessions.forEach(Session::close);
        }
        EngineOptions tight = options.withLimits(new MemoryLimits(0, all / 2, null));
        try (Machine machine = Machine.open(tight, GpuSource.NONE)) {
            Model model = machine.random(Specs.tiny(2000), weights, EXACT.withSessions(16, 8));
            assertThat(model.sessions()).isBetween(2, 8);
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < model.sessions(); i++) {
                sessions.add(model.session());
            }
            sessions.forEach(Session::close);
        }
    }

    @Test
    void aJobGetsStepsForSeveralPromptsIfThatPays() {
        RandomWeights weights = new RandomWeights(DType.F32, 1, 0);
        EngineOptions options = EngineOptions.defaults().withThreads(1).withLimits(new MemoryLimits(64 << 20, 0, null));
        GpuSource gpus = () -> new GpuSource.Present(
                "fake GPU", 64 << 20, ledger -> new FakeGpu(ledger, FakeGpuSettings.of(64 << 20, 1)));
        try (Machine machine = Machine.open(options, gpus)) {
            Model talk = machine.random(Specs.tiny(300), weights, EXACT);
            assertThat(talk.stepTokens()).isEqualTo(300);
            talk.close();
            Model job = machine.random(Specs.tiny(300), weights, EXACT.withSessions(32, 20));
            assertThat(job.sessions()).isBetween(17, 32);
            assertThat(job.stepTokens()).isGreaterThanOrEqualTo(512);
        }
    }

    @Test
    void aContextNobodyAskedForIsAsLongAsFits() {
        RandomWeights weights = new RandomWeights(DType.F32, 1, 0);
        long roomy;
        try (Machine machine = Machine.open(EngineOptions.defaults().withThreads(1), GpuSource.NONE)) {
            Model model = machine.random(Specs.tiny(20_000), weights, EXACT);
            assertThat(model.context()).isEqualTo(8192);
            try (Session session = model.session()) {
                roomy = machine.ledger().bytes(Tier.HOST) + 0L * session.length();
            }
        }
        EngineOptions tight = EngineOptions.defaults()
                .withThreads(1)
                .withDevice(DeviceChoice.CPU)
                .withLimits(new MemoryLimits(0, roomy * 2 / 3, null));
        try (Machine machine = Machine.open(tight, GpuSource.NONE)) {
            Model model = machine.random(Specs.tiny(20_000), weights, EXACT);
            assertThat(model.context()).isBetween(512, 8191);
            model.session().close();
            assertThatThrownBy(() -> machine.random(Specs.tiny(20_000), weights, EXACT.withContext(8192)))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("--context");
        }
    }

    private static long bytes(Budget budget) {
        return budget.hostBytes()
                + budget.gpus().stream().mapToLong(Budget.Gpu::bytes).sum();
    }
}
