package dev.flexgen.chat.cli;

import dev.flexgen.chat.machine.PredictionCheck;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.FinishReason;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.PlanJson;
import dev.flexgen.engine.plan.ProfileJson;
import java.util.Locale;
import java.util.Optional;

/**
 * What a measurement found.
 *
 * @param load the model that ran
 * @param predicted what the cost model says of it
 * @param seconds wall time of prompt and reply together
 * @param peakGpuBytes the most that the process held of the GPU's memory
 * @param hostReadBytesPerSecond what this machine's memory gave to the same threads in the same process
 * @param otherLoad share of the processors that other programs had meanwhile
 */
record BenchReport(
        Model load,
        BenchPrediction predicted,
        BenchRun.Workload workload,
        Generation generation,
        double seconds,
        long peakGpuBytes,
        double hostReadBytesPerSecond,
        double otherLoad) {

    double prefillTokensPerSecond() {
        return workload.promptTokens() / generation.prefillSeconds();
    }

    double decodeTokensPerSecond() {
        return generation.decodeTokensPerSecond();
    }

    private double predictedPrefillTokensPerSecond() {
        return workload.promptTokens() / predicted.prefillSeconds();
    }

    private double predictedDecodeTokensPerSecond() {
        return predicted.decode().decodeTokensPerSecond();
    }

    /** Nothing that reads what a token needs from where the plan put it can be faster. */
    double limitDecodeTokensPerSecond() {
        return predicted.limitDecodeTokensPerSecond();
    }

    String json(String model) {
        return json(model, Optional.empty());
    }

    String json(String model, Optional<DraftReport> drafted) {
        return JsonLine.of(line -> line.put("model", model)
                .put("devices", load.machine().deviceName())
                .put("weights_dtype", load.weights().label())
                .put("prompt_tokens", workload.promptTokens())
                .put("new_tokens", generation.ids().length)
                .put("load_seconds", load.loadSeconds())
                .put("prefill_seconds", generation.prefillSeconds())
                .put("prefill_tokens_per_second", prefillTokensPerSecond())
                .put("predicted_prefill_tokens_per_second", predictedPrefillTokensPerSecond())
                .put("decode_seconds", generation.decodeSeconds())
                .put("decode_tokens_per_second", decodeTokensPerSecond())
                .put("tokens_per_second", generation.ids().length / seconds)
                .put("held_bytes", it -> held(load, it))
                .put("peak_gpu_bytes", peakGpuBytes)
                .put("weight_bytes_per_token", load.weightBytesPerToken())
                .put("host_read_bytes_per_second", hostReadBytesPerSecond)
                .put("other_load", otherLoad)
                .put("bound", predicted.decode().bound())
                .put("predicted_decode_tokens_per_second", predictedDecodeTokensPerSecond())
                .put("limit_decode_tokens_per_second", limitDecodeTokensPerSecond())
                .put("decode_over_limit", decodeTokensPerSecond() / limitDecodeTokensPerSecond())
                .put("machine", ProfileJson.toJson(predicted.machine()))
                .put("plan", PlanJson.toJson(load.plan()))
                .putIf("draft", drafted.map(it -> it::json)));
    }

    static void held(Model load, JsonLine line) {
        for (Tier tier : Tier.values()) {
            line.put(tier.name().toLowerCase(Locale.ROOT), load.heldBytes().getOrDefault(tier, 0L));
        }
    }

    String text(String model) {
        return String.format(
                Locale.ROOT,
                """
                %s, weights in %s: %d tokens read, %d written, by %s
                load      %9.2f s
                held      %s on the GPU at most, %s in host memory, %s on disk
                a token   %s of weights with every neuron; %s

                             measured  predicted      limit   tok/s
                prefill     %9s  %9s          -
                decode      %9s  %9s  %9s   %.0f %% of the limit
                %s
                for docs/BENCHMARKS.md:
                %s
                """,
                model,
                load.weights().label(),
                workload.promptTokens(),
                generation.ids().length,
                load.machine().deviceName(),
                load.loadSeconds(),
                Bytes.format(peakGpuBytes),
                Bytes.format(load.heldBytes().getOrDefault(Tier.HOST, 0L)),
                Bytes.format(load.heldBytes().getOrDefault(Tier.DISK, 0L)),
                Bytes.format(load.weightBytesPerToken()),
                "bound by " + predicted.decode().bound(),
                SpeedWords.number(prefillTokensPerSecond()),
                SpeedWords.number(predictedPrefillTokensPerSecond()),
                SpeedWords.number(decodeTokensPerSecond()),
                SpeedWords.number(predictedDecodeTokensPerSecond()),
                SpeedWords.number(limitDecodeTokensPerSecond()),
                100 * decodeTokensPerSecond() / limitDecodeTokensPerSecond(),
                remarks(),
                row(model));
    }

    /** What keeps these figures from saying what they should; lines, or nothing. */
    private String remarks() {
        StringBuilder remarks = new StringBuilder();
        if (generation.reason() == FinishReason.CANCELLED) {
            remarks.append(String.format(
                    Locale.ROOT, "stopped after %d of %d tokens%n", generation.ids().length, workload.newTokens()));
        } else if (generation.ids().length < workload.newTokens()) {
            remarks.append(String.format(
                    Locale.ROOT,
                    "%d tokens were asked for, then the context of %d was full%n",
                    workload.newTokens(),
                    load.context()));
        }
        if (busy()) {
            remarks.append(String.format(
                    Locale.ROOT,
                    "other programs used %.0f %% of the processors meanwhile: on a quiet machine it is faster%n",
                    100 * otherLoad));
        }
        SpeedWords.caution(Optional.of(predicted.machine()))
                .ifPresent(caution -> remarks.append(caution).append('\n'));
        check().ifPresent(sentence -> remarks.append(sentence).append('\n'));
        return remarks.toString();
    }

    private boolean busy() {
        return otherLoad > MachineProfile.MUCH_OTHER_LOAD;
    }

    private Optional<String> check() {
        return new PredictionCheck(predicted.step()).sentence(generation.ids().length, generation.decodeSeconds());
    }

    /** Markdown: model, weights, tiers, then prefill and decode, each measured, predicted and their ratio, limit, and load. */
    String row(String model) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %d+%d | %s | %s | %.2f | %s | %s | %.2f | %s | %.0f %% |",
                model,
                load.weights().label(),
                String.join(
                        " and ", load.plan().tiers().stream().map(Tier::label).toList()),
                workload.promptTokens(),
                generation.ids().length,
                SpeedWords.number(prefillTokensPerSecond()),
                SpeedWords.number(predictedPrefillTokensPerSecond()),
                predictedPrefillTokensPerSecond() / prefillTokensPerSecond(),
                SpeedWords.number(decodeTokensPerSecond()),
                SpeedWords.number(predictedDecodeTokensPerSecond()),
                predictedDecodeTokensPerSecond() / decodeTokensPerSecond(),
                SpeedWords.number(limitDecodeTokensPerSecond()),
                100 * otherLoad);
    }

    /** The heading of {@link #row}. */
    static final String HEADING = """
        | model | weights | in | prompt+reply | prefill tok/s | predicted | ratio | decode tok/s | predicted | ratio | limit | other load |
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\
        """;
}
