package dev.flexgen.chat.cli;

import com.google.gson.JsonArray;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.PlanJson;
import dev.flexgen.engine.plan.Step;
import dev.flexgen.engine.plan.StepCost;
import dev.flexgen.engine.plan.ThroughputEstimate;
import dev.flexgen.engine.plan.Workload;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The text of {@code plan} for a model that fits.
 *
 * @param fitter that fitted it
 * @param batch replies that are written at the same time
 * @param drafts what they would bring
 */
record PlanReport(String model, FitResult.Fits fits, ModelFitter fitter, int batch, PlanDrafts drafts) {

    private static final int BAR = 24;
    private static final int[] CONTEXTS = {0, 512, 1024, 2048, 4096, 8192};
    private static final int[] PROMPTS = {16, 128, 512, 2048};
    private static final int PROMPT = 128;

    /** Whose machine it is, with an end of line. */
    static String machineLine(MachineState machine) {
        String name = machine.profile().map(MachineProfile::name).orElse("this machine");
        return "machine: " + name
                + (isElsewhere(machine) ? ", predicted from published figures, not measured" : "")
                + (machine.profile().map(MachineProfile::busy).orElse(false)
                        ? ", measured while other programs had much of it ('doctor --measure' does it anew)"
                        : "")
                + "\n";
    }

    static boolean isElsewhere(MachineState machine) {
        return machine.profile()
                .filter(it -> it.source() == MachineProfile.Source.PUBLISHED)
                .isPresent();
    }

    private MachineState machine() {
        return fitter.state();
    }

    private List<String> reasons() {
        return new PlanReasons(fits, machine(), fitter.options().context() == 0).list();
    }

    String text(List<String> help) {
        StringBuilder text = new StringBuilder(machineLine(machine()));
        text.append(String.format(
                Locale.ROOT,
                "%s: weights in %s, a context of %d tokens%n%n",
                model,
                fits.weights().label(),
                fits.context()));
        PlanPlaces places = new PlanPlaces(fits, machine().budget().gpus().size());
        List<Budget.Gpu> gpus = machine().budget().gpus();
        for (int i = 0; i < gpus.size(); i++) {
            long used = fits.footprint().gpuPeaks().get(i);
            if (used > 0) {
                text.append(line(gpuLabel(i), used, gpus.get(i).bytes(), places.words(Tier.GPU)));
            }
        }
        for (Tier tier : List.of(Tier.HOST, Tier.DISK)) {
            long used = fits.footprint().bytes(tier);
            long room = tier == Tier.HOST ? machine().budget().hostBytes() : 0;
            if (used > 0) {
                text.append(line(tier.label(), used, room, places.words(tier)));
            }
        }
        text.append('\n');
        fits.prices().ifPresent(prices -> speeds(prices, text));
        text.append(drafts.text());
        for (String reason : reasons()) {
            text.append("why: ").append(reason).append('\n');
        }
        for (String way : help) {
            text.append("faster with ").append(way).append('\n');
        }
        return text.toString();
    }

    /** With the GPU's number where there are several. */
    private String gpuLabel(int gpu) {
        return machine().found() instanceof MachineState.Found.WithGpus(var gpus, var _) && gpus.size() > 1
                ? Tier.GPU.label() + " " + gpus.get(gpu).number()
                : Tier.GPU.label();
    }

    private static String line(String label, long used, long room, String words) {
        int filled = room <= 0 ? 0 : Math.clamp(Math.round((double) BAR * used / room), 1, BAR);
        String bar = room <= 0 ? " ".repeat(BAR + 2) : "[" + "#".repeat(filled) + ".".repeat(BAR - filled) + "]";
        String amount = Bytes.format(used) + (room <= 0 || room == Long.MAX_VALUE ? "" : " of " + Bytes.format(room));
        return String.format(Locale.ROOT, "%-5s %s %-22s %s%n", label, bar, amount, words);
    }

    private void speeds(CostModel prices, StringBuilder text) {
        int[] prompts = IntStream.of(PROMPTS).filter(it -> it <= fits.context()).toArray();
        text.append(row("a prompt of", prompts, Integer::toString)).append("  tokens\n");
        text.append(row(
                        "first word after",
                        prompts,
                        it -> SpeedWords.seconds(prefill(prices, it).seconds())))
                .append('\n');
        text.append(row(
                        "read at",
                        prompts,
                        it -> SpeedWords.number(it / prefill(prices, it).seconds())))
                .append("  tok/s\n\n");
        int[] contexts =
                IntStream.of(CONTEXTS).filter(it -> it <= fits.context()).toArray();
        text.append(row("a context of", contexts, Integer::toString)).append("  tokens\n");
        text.append(row(
                        "a reply comes at",
                        contexts,
                        it -> SpeedWords.number(1 / decode(prices, it, 1).seconds())))
                .append("  tok/s\n");
        if (batch > 1) {
            text.append(row(
                            batch + " replies at",
                            contexts,
                            it -> SpeedWords.number(
                                    batch / decode(prices, it, batch).seconds())))
                    .append("  tok/s in all\n");
        }
        fits.job().filter(_ -> fits.workload().isJob()).ifPresent(cost -> text.append(job(cost)));
        text.append("\n");
        fits.estimate()
                .ifPresent(it -> text.append("with half of the context ")
                        .append(SpeedWords.of(it))
                        .append('\n'));
    }

    private String job(StepCost cost) {
        Workload job = fits.workload();
        return String.format(
                Locale.ROOT,
                "a job with prompts of %d and replies of %d tokens, %d at a time, by up to %d tokens a step: %s tok/s of replies,"
                        + " prompts included%n",
                job.context() - job.newTokens(),
                job.newTokens(),
                job.sequences(),
                job.stepTokens(),
                SpeedWords.number(job.sequences() * job.newTokens() / cost.seconds()));
    }

    private static String row(String name, int[] values, IntFunction<String> words) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-18s", name));
        IntStream.of(values).forEach(it -> row.append(String.format(Locale.ROOT, " %8s", words.apply(it))));
        return row.toString();
    }

    private StepCost prefill(CostModel prices, int tokens) {
        return prices.prefill(fits.plan(), fits.footprint(), tokens, 1);
    }

    private StepCost decode(CostModel prices, int context, int sequences) {
        return prices.step(fits.plan(), fits.footprint(), new Step(sequences, 1, context));
    }

    String json(List<String> help) {
        return JsonLine.of(line -> line.put("model", model)
                .put("machine", machine().profile().map(MachineProfile::name).orElse("this machine"))
                .put("measured", isElsewhere(machine()) || machine().profile().isEmpty() ? "no" : "yes")
                .put("weights_dtype", fits.weights().label())
                .put("context", fits.context())
                .put("bytes", this::bytes)
                .put("kv_bytes", it -> owners(it, "KV cache"))
                .put("predicted", this::predicted)
                .put("drafts", drafts.json())
                .put("reasons", texts(reasons()))
                .put("would_help", texts(help))
                .put("plan", PlanJson.toJson(fits.plan())));
    }

    private static JsonArray texts(List<String> texts) {
        JsonArray array = new JsonArray();
        texts.forEach(array::add);
        return array;
    }

    private void bytes(JsonLine line) {
        for (Tier tier : Tier.values()) {
            line.put(tier.name().toLowerCase(Locale.ROOT), fits.footprint().bytes(tier));
        }
    }

    private void owners(JsonLine line, String owner) {
        for (Tier tier : Tier.values()) {
            line.put(
                    tier.name().toLowerCase(Locale.ROOT),
                    fits.footprint().held().getOrDefault(tier, Map.of()).getOrDefault(owner, 0L));
        }
    }

    private void predicted(JsonLine line) {
        Optional<ThroughputEstimate> estimate = fits.estimate();
        fits.prices().ifPresent(prices -> {
            int prompt = Math.min(PROMPT, fits.context());
            line.put(
                            "prefill_tokens_per_second",
                            prompt / prefill(prices, prompt).seconds())
                    .put("first_token_seconds", prefill(prices, prompt).seconds());
            line.put(
                    "decode_tokens_per_second_by_context",
                    it -> IntStream.of(CONTEXTS)
                            .filter(context -> context <= fits.context())
                            .forEach(context -> it.put(
                                    Integer.toString(context),
                                    1 / decode(prices, context, 1).seconds())));
            if (batch > 1) {
                fits.job()
                        .filter(_ -> fits.workload().isJob())
                        .ifPresent(cost -> line.put(
                                        "job_tokens_per_second",
                                        fits.workload().sequences()
                                                * fits.workload().newTokens()
                                                / cost.seconds())
                                .put("job_sequences", fits.workload().sequences())
                                .put("step_tokens", fits.workload().stepTokens()));
                line.put("batch", batch)
                        .put(
                                "batch_tokens_per_second",
                                batch
                                        / decode(prices, fits.context() / 2, batch)
                                                .seconds());
            }
        });
        estimate.ifPresent(it ->
                line.put("decode_tokens_per_second", it.decodeTokensPerSecond()).put("bound", it.bound()));
    }
}
