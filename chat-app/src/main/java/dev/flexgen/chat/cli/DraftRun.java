package dev.flexgen.chat.cli;

import dev.flexgen.engine.AssumedAcceptance;
import dev.flexgen.engine.DraftCounts;
import dev.flexgen.engine.Drafter;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.LookupDrafter;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelDrafter;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.plan.DraftGain;
import dev.flexgen.engine.plan.DraftPrices;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One measurement of replies with drafts: the reply without, whose tokens a coin needs to know, then the same with drafts until the
 * code is warm, then once more by the clock.
 *
 * @param what drafts, as the setting says it
 * @param draft the model that does; null for lookup
 * @param assumed share of drafted tokens that are to be right; empty to leave it to them
 */
record DraftRun(Model model, String what, @Nullable Model draft, BenchRun.Workload workload, OptionalDouble assumed) {

    /** Long enough for depths to settle and kernels of several rows to be compiled. */
    private static final long WARM_NANOS = 4_000_000_000L;

    private static final int MOST_WARM = 8;

    /** @param alone tokens a second of the model with all of the machine and no drafts */
    DraftReport measure(CancelToken cancel, MachineProfile profile, double alone) {
        int[] prompt = new Random(1)
                .ints(workload.promptTokens(), 0, model.spec().vocabulary())
                .toArray();
        try (Session session = model.session()) {
            session.prefill(prompt, cancel, ProgressListener.NONE);
            // Each of the following reads the prompt's last token alone, so all of them are the same to the bit.
            session.prefill(prompt, cancel, ProgressListener.NONE);
            Generation plain = session.generate(request(), cancel, _ -> TokenListener.Verdict.CONTINUE);
            AssumedAcceptance coin =
                    new AssumedAcceptance(assumed.orElse(0), model.spec().vocabulary(), 1);
            coin.replay(prompt, plain.ids());
            Drafter drafter = drafter(coin, session.limit());
            try (Speculation drafts = new Speculation(drafter, model.draftPrices())) {
                long end = System.nanoTime() + WARM_NANOS;
                for (int i = 0; i < MOST_WARM && (i == 0 || System.nanoTime() < end); i++) {
                    reply(session, prompt, drafter, drafts, cancel);
                }
                DraftCounts before = drafts.counts();
                double reading = read(session, prompt, drafter, cancel);
                long steps = model.counters().steps();
                Generation drafted = session.generate(request(), cancel, _ -> TokenListener.Verdict.CONTINUE, drafts);
                DraftCounts counts = drafts.counts().since(before);
                return new DraftReport(
                        this,
                        counts,
                        model.counters().steps() - steps,
                        alone,
                        plain,
                        drafted,
                        reading,
                        drafts.failure(),
                        predicted(profile, counts, alone));
            }
        }
    }

    private GenerationRequest request() {
        return new GenerationRequest(workload.newTokens(), SamplerOptions.greedy(), Set.of());
    }

    private Drafter drafter(AssumedAcceptance coin, int limit) {
        if (draft == null) {
            return assumed.isPresent() ? coin.byLookup() : new LookupDrafter();
        }
        return assumed.isPresent() ? coin.by(draft, model, limit) : ModelDrafter.of(draft, model, limit);
    }

    private void reply(Session session, int[] prompt, Drafter drafter, Speculation drafts, CancelToken cancel) {
        read(session, prompt, drafter, cancel);
        session.generate(request(), cancel, _ -> TokenListener.Verdict.CONTINUE, drafts);
    }

    /** Prompts are read by both before the clock of the reply runs; returns the seconds of the one that drafts. */
    private static double read(Session session, int[] prompt, Drafter drafter, CancelToken cancel) {
        session.prefill(prompt, cancel, ProgressListener.NONE);
        long start = System.nanoTime();
        if (drafter.behind(prompt, prompt.length) > 0) {
            drafter.read(prompt, prompt.length, cancel);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /** By the price of both plans, at the acceptance that was assumed or found. */
    private DraftGain predicted(MachineProfile profile, DraftCounts counts, double alone) {
        int context = workload.promptTokens() + workload.newTokens() / 2;
        double drafted = draft == null
                ? 0
                : 1
                        / draft.prices(profile)
                                .decode(draft.plan(), draft.footprint(), context)
                                .decodeTokensPerSecond();
        double found = counts.judged() == 0 ? 0 : (double) counts.accepted() / counts.judged();
        double guessed = counts.asked() == 0 ? 0 : (double) counts.given() / counts.asked();
        Acceptance acceptance = new Acceptance(assumed.orElse(found), guessed, assumed.isEmpty());
        DraftGain best = DraftPrices.predicted(
                        model.prices(profile), model.plan(), model.footprint(), context, workload.newTokens(), drafted)
                .best(acceptance);
        return new DraftGain(best.depth(), best.tokensPerStep(), best.tokensPerSecond(), alone);
    }

    /** Such as {@code self in q4}. */
    String how() {
        return draft == null ? what : what + " in " + draft.weights().label();
    }
}
