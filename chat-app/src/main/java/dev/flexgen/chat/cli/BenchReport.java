package dev.flexgen.chat.cli;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.PlanJson;
import dev.flexgen.engine.plan.ThroughputEstimate;
import java.util.Locale;
import java.util.Optional;

/**
 * What a measurement found.
 *
 * @param load the model that ran
 * @param seconds wall time of prompt and reply together
 * @param prediction what the plan can reach at best
 * @param devices that computed, for people
 * @param peakGpuBytes the most that the process held of the GPU's memory
 * @param hostReadBytesPerSecond what this machine's memory gives to the same threads in the same process
 */
record BenchReport(
        Model load,
        Optional<ThroughputEstimate> prediction,
        BenchRun.Workload workload,
        Generation generation,
        double seconds,
        String devices,
        long peakGpuBytes,
        double hostReadBytesPerSecond) {

    double prefillTokensPerSecond() {
        return workload.promptTokens() / generation.prefillSeconds();
    }

    double decodeTokensPerSecond() {
        return generation.decodeTokensPerSecond();
    }

    /** The rate at which decoding reads weights. */
    double achievedBytesPerSecond() {
        return decodeTokensPerSecond() * load.weightBytesPerToken();
    }

    /** Nothing that reads every weight once a token, from where the plan put it, can be faster. */
    double limitDecodeTokensPerSecond() {
        return prediction
                .map(ThroughputEstimate::decodeTokensPerSecond)
                .orElse(hostReadBytesPerSecond / load.weightBytesPerToken());
    }

    private String bound() {
        return prediction
                .map(ThroughputEstimate::bound)
                .orElseGet(() -> String.format(
                        Locale.ROOT,
                        "host memory: %s a token at %.0f GB/s%s",
                        Bytes.format(load.weightBytesPerToken()),
                        hostReadBytesPerSecond / 1e9,
                        load.heldBytes().getOrDefault(Tier.DISK, 0L) > 0
                                ? "; the disk, which is slower, was not measured"
                                : ""));
    }

    String json(String model) {
        return JsonLine.of(line -> line.put("model", model)
                .put("devices", devices)
                .put("weights_dtype", load.weights().name().toLowerCase(Locale.ROOT))
                .put("prompt_tokens", workload.promptTokens())
                .put("new_tokens", generation.ids().length)
                .put("load_seconds", load.loadSeconds())
                .put("prefill_seconds", generation.prefillSeconds())
                .put("prefill_tokens_per_second", prefillTokensPerSecond())
                .put("decode_seconds", generation.decodeSeconds())
                .put("decode_tokens_per_second", decodeTokensPerSecond())
                .put("tokens_per_second", generation.ids().length / seconds)
                .put("held_bytes", this::held)
                .put("peak_gpu_bytes", peakGpuBytes)
                .put("weight_bytes_per_token", load.weightBytesPerToken())
                .put("achieved_bytes_per_second", achievedBytesPerSecond())
                .put("host_read_bytes_per_second", hostReadBytesPerSecond)
                .put("bound", bound())
                .put("rates", this::rates)
                .put("predicted_decode_tokens_per_second", limitDecodeTokensPerSecond())
                .put("limit_decode_tokens_per_second", limitDecodeTokensPerSecond())
                .put("decode_over_limit", decodeTokensPerSecond() / limitDecodeTokensPerSecond())
                .put("plan", PlanJson.toJson(load.plan())));
    }

    private void held(JsonLine line) {
        for (Tier tier : Tier.values()) {
            line.put(tier.name().toLowerCase(Locale.ROOT), load.heldBytes().getOrDefault(tier, 0L));
        }
    }

    private void rates(JsonLine line) {
        prediction
                .map(ThroughputEstimate::bandwidths)
                .ifPresent(rates -> line.put("gpu_read", rates.gpuRead())
                        .put("upload", rates.upload())
                        .put("host_read", rates.hostRead())
                        .put("upload_both", rates.uploadBoth())
                        .put("host_read_both", rates.hostReadBoth())
                        .put("grouped_product", rates.groupedProduct()));
    }

    String text(String model) {
        return String.format(
                Locale.ROOT,
                """
                %s: %d tokens read, %d written, by %s
                load          %8.2f s
                prefill       %8.1f tok/s
                decode        %8.2f tok/s
                weights       %s a token, read at %.1f GB/s
                memory        %.1f GB/s measured with the same threads
                held          %s on the GPU at most, %s in host memory, %s on disk
                limit         %8.2f tok/s, of which decode reaches %.0f %%; it is set by %s
                """,
                model,
                workload.promptTokens(),
                generation.ids().length,
                devices,
                load.loadSeconds(),
                prefillTokensPerSecond(),
                decodeTokensPerSecond(),
                Bytes.format(load.weightBytesPerToken()),
                achievedBytesPerSecond() / 1e9,
                hostReadBytesPerSecond / 1e9,
                Bytes.format(peakGpuBytes),
                Bytes.format(load.heldBytes().getOrDefault(Tier.HOST, 0L)),
                Bytes.format(load.heldBytes().getOrDefault(Tier.DISK, 0L)),
                limitDecodeTokensPerSecond(),
                100 * decodeTokensPerSecond() / limitDecodeTokensPerSecond(),
                bound());
    }
}
