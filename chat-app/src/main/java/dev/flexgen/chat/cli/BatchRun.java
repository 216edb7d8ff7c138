package dev.flexgen.chat.cli;

import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Generator;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.measure.OtherLoad;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Measures a job: so many prompts at a time, once with short replies until the code is warm, then by the clock. */
final class BatchRun {

    private static final int WARM_TOKENS = 2;

    private final Model model;
    private final BenchRun.Workload workload;
    private final int batch;

    /** @param batch prompts, all at a time if there is room */
    BatchRun(Model model, BenchRun.Workload workload, int batch) {
        this.model = model;
        this.workload = workload;
        this.batch = batch;
    }

    /**
     * Measures.
     *
     * @param profile by which the prediction is made
     */
    BatchReport measure(CancelToken cancel, MachineProfile profile) {
        run(new BenchRun.Workload(workload.promptTokens(), WARM_TOKENS), cancel);
        OtherLoad others = new OtherLoad();
        long start = System.nanoTime();
        long tokens = run(workload, cancel);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new BatchReport(
                model,
                workload,
                batch,
                tokens,
                seconds,
                model.machine().ledger().peak(Tier.GPU),
                others.share(),
                model.jobCost(profile));
    }

    private long run(BenchRun.Workload load, CancelToken cancel) {
        var request = new GenerationRequest(load.newTokens(), SamplerOptions.greedy(), Set.of());
        Counter counter = new Counter();
        List<Generator.Job> jobs = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            int[] prompt = new Random(i)
                    .ints(load.promptTokens(), 0, model.spec().vocabulary())
                    .toArray();
            jobs.add(new Generator.Job(prompt, request, counter));
        }
        new Generator(model, batch, cancel).run(jobs.iterator());
        return counter.tokens;
    }

    private static final class Counter implements Generator.Listener {
        private long tokens;

        @Override
        public Verdict onToken(int id) {
            tokens++;
            return Verdict.CONTINUE;
        }

        @Override
        public void onEnd(Generation generation) {}

        @Override
        public void onFailure(EngineException failure) {
            throw failure;
        }
    }
}
