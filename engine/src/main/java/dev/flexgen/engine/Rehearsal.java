package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.Threads;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.model.Miniature;
import dev.flexgen.engine.model.ModelPart;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.StoredTypes;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.engine.tensor.DType;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Has Java compile what a model is computed with while its weights are loaded, since the first prompt takes twice as long through
 * code that is not compiled yet. A model of one small layer, with the same operations and encodings, reads prompts and writes, on a
 * thread and with a few megabytes of its own, until {@link #close()} or until all is compiled. What fails here fails again, and is
 * told, when the model itself computes.
 */
final class Rehearsal implements AutoCloseable {

    /** By then nothing is left to compile. */
    private static final long NANOS = 4_000_000_000L;

    /** Weights of a model that takes a second to load. */
    private static final long FEWEST_WEIGHTS = 500_000_000;

    /** Steps of many tokens, of few and of one have kernels of their own. */
    private static final int[] PROMPTS = {40, 7};

    private static final int REPLY = 8;
    private static final int CONTEXT = 64;

    private final CancelToken cancel = new CancelToken();
    private final Thread thread;
    private volatile int rounds;

    /**
     * Begins.
     *
     * @param types of the model that will be computed
     * @param options with its encodings, which are decided
     * @param nanos after which it ends by itself
     */
    Rehearsal(StoredTypes types, ModelOptions options, long nanos) {
        thread = Thread.ofPlatform().name("flexgen-rehearsal").daemon().unstarted(() -> run(types, options, nanos));
        thread.start();
    }

    /** Begins if loading takes long enough for it; null if not. */
    static @Nullable Rehearsal ifWorthIt(StoredTypes types, ModelOptions options) {
        return types.spec().parameters() < FEWEST_WEIGHTS ? null : new Rehearsal(types, options, NANOS);
    }

    private void run(StoredTypes types, ModelOptions options, long nanos) {
        try {
            Miniature.of(types.spec())
                    .ifPresent(spec -> rehearse(spec, types.type(ModelPart.UP.weight(), 0), options, nanos));
        } catch (CancellationException e) {
            // closed
        } catch (RuntimeException | OutOfMemoryError e) {
            // the model itself tells
        }
    }

    private void rehearse(ModelSpec spec, DType dtype, ModelOptions options, long nanos) {
        EngineOptions alone =
                EngineOptions.defaults().withDevice(DeviceChoice.CPU).withThreads(1);
        ModelOptions small = ModelOptions.DEFAULTS
                .withWeights(options.weights())
                .withKv(options.kv())
                .withContext(Math.min(CONTEXT, spec.positions()));
        long end = System.nanoTime() + nanos;
        try (Machine machine = Machine.open(alone, GpuSource.NONE);
                Model model = machine.random(spec, new RandomWeights(dtype, 1, 0), small);
                Session session = model.session()) {
            for (int round = 0; System.nanoTime() < end && !cancel.cancelled(); round++) {
                turn(session, PROMPTS[round % PROMPTS.length], round);
                rounds = round + 1;
            }
        }
    }

    private void turn(Session session, int tokens, int first) {
        int vocabulary = session.model().spec().vocabulary();
        int[] prompt = IntStream.range(0, tokens) // another first id each time, or the session would know it
                .map(i -> (i + first) % vocabulary)
                .toArray();
        session.prefill(prompt, cancel, ProgressListener.NONE);
        session.generate(
                new GenerationRequest(REPLY, SamplerOptions.greedy(), Set.of()), cancel, _ -> Verdict.CONTINUE);
    }

    /** Prompts read and answered so far. */
    int rounds() {
        return rounds;
    }

    /** Ends it within a moment. */
    @Override
    public void close() {
        cancel.cancel();
        Threads.joinUninterruptibly(thread);
    }
}
