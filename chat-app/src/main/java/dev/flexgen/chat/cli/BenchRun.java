package dev.flexgen.chat.cli;

import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.measure.OtherLoad;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.Random;
import java.util.Set;

/** One measurement: prompts are read and replies written until the code is warm, then once by the clock. */
final class BenchRun {

    /** Tokens of a warm-up reply: enough to see both phases, few enough for a large model. */
    private static final int WARM_TOKENS = 24;

    /** What the compiler needs on two cores to be done with a small model; large ones take longer for one reply. */
    private static final long WARM_NANOS = 4_000_000_000L;

    private final Model model;
    private final Workload workload;

    /** @param promptTokens read before anything is written */
    record Workload(int promptTokens, int newTokens) {}

    BenchRun(Model model, Workload workload) {
        this.model = model;
        this.workload = workload;
    }

    /**
     * Measures.
     *
     * @param profile by which the prediction is made
     * @param hostRead rate at which this process read host memory just now
     */
    BenchReport measure(CancelToken cancel, MachineProfile profile, double hostRead) {
        warmUp(cancel);
        try (Session session = model.session()) {
            OtherLoad others = new OtherLoad();
            long start = System.nanoTime();
            Generation generation = run(session, workload, cancel);
            double seconds = (System.nanoTime() - start) / 1e9;
            return new BenchReport(
                    model,
                    BenchPrediction.of(model, workload, profile, hostRead),
                    workload,
                    generation,
                    seconds,
                    model.machine().ledger().peak(Tier.GPU),
                    hostRead,
                    others.share());
        }
    }

    private void warmUp(CancelToken cancel) {
        long end = System.nanoTime() + WARM_NANOS;
        do {
            try (Session warm = model.session()) {
                run(warm, new Workload(workload.promptTokens(), WARM_TOKENS), cancel);
            }
        } while (System.nanoTime() < end);
    }

    private Generation run(Session session, Workload load, CancelToken cancel) {
        session.prefill(prompt(load.promptTokens()), cancel, ProgressListener.NONE);
        var request = new GenerationRequest(load.newTokens(), SamplerOptions.greedy(), Set.of());
        return session.generate(request, cancel, _ -> TokenListener.Verdict.CONTINUE);
    }

    private int[] prompt(int tokens) {
        return new Random(1).ints(tokens, 0, model.spec().vocabulary()).toArray();
    }
}
