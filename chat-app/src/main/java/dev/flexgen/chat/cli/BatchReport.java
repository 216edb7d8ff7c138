package dev.flexgen.chat.cli;

import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.PlanJson;
import dev.flexgen.engine.plan.StepCost;
import java.util.Locale;

/**
 * What a measurement of a job found. Speeds are tokens of replies over the whole time, prompts included, as FlexGen counts.
 *
 * @param load the model that ran
 * @param batch prompts
 * @param tokens of all replies
 * @param seconds wall time
 * @param peakGpuBytes the most that the process held of the GPU's memory
 * @param otherLoad share of the processors that other programs had meanwhile
 * @param predicted what the cost model says of it
 */
record BatchReport(
        Model load,
        BenchRun.Workload workload,
        int batch,
        long tokens,
        double seconds,
        long peakGpuBytes,
        double otherLoad,
        StepCost predicted) {

    private double tokensPerSecond() {
        return tokens / seconds;
    }

    private double predictedTokensPerSecond() {
        return (double) load.sessions() * workload.newTokens() / predicted.seconds();
    }

    /** What it would be if everything else were done while the busiest part works, at the rates that were measured of it. */
    private double boundTokensPerSecond() {
        return (double) load.sessions() * workload.newTokens() / predicted.busy(predicted.binding());
    }

    String json(String model) {
        return JsonLine.of(line -> line.put("model", model)
                .put("devices", load.machine().deviceName())
                .put("weights_dtype", load.weights().label())
                .put("batch", batch)
                .put("prompt_tokens", workload.promptTokens())
                .put("new_tokens", workload.newTokens())
                .put("step_tokens", load.stepTokens())
                .put("room_for", load.sessions())
                .put("load_seconds", load.loadSeconds())
                .put("seconds", seconds)
                .put("tokens_per_second", tokensPerSecond())
                .put("predicted_tokens_per_second", predictedTokensPerSecond())
                .put("bound", predicted.binding().label())
                .put("bound_tokens_per_second", boundTokensPerSecond())
                .put("held_bytes", it -> BenchReport.held(load, it))
                .put("peak_gpu_bytes", peakGpuBytes)
                .put("other_load", otherLoad)
                .put("plan", PlanJson.toJson(load.plan())));
    }

    String text(String model) {
        return String.format(
                Locale.ROOT,
                """
                %s, weights in %s: %d prompts of %d tokens, replies of %d, by %s
                load      %9.2f s
                held      %s on the GPU at most, %s in host memory, %s on disk
                together  %d replies by the plan, up to %d tokens a step

                             measured  predicted      bound   tok/s of replies, prompts included
                job         %9s  %9s  %9s   by %s
                """,
                model,
                load.weights().label(),
                batch,
                workload.promptTokens(),
                workload.newTokens(),
                load.machine().deviceName(),
                load.loadSeconds(),
                Bytes.format(peakGpuBytes),
                Bytes.format(load.heldBytes().getOrDefault(Tier.HOST, 0L)),
                Bytes.format(load.heldBytes().getOrDefault(Tier.DISK, 0L)),
                load.sessions(),
                load.stepTokens(),
                SpeedWords.number(tokensPerSecond()),
                SpeedWords.number(predictedTokensPerSecond()),
                SpeedWords.number(boundTokensPerSecond()),
                predicted.binding().label());
    }
}
