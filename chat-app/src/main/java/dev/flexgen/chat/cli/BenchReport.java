package dev.flexgen.chat.cli;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.LoadReport;
import dev.flexgen.engine.memory.Tier;
import java.util.Locale;

/**
 * What a measurement found.
 *
 * @param seconds wall time of prompt and reply together
 * @param hostReadBytesPerSecond what this machine's memory gives to the same threads in the same process
 */
record BenchReport(
        LoadReport load,
        BenchRun.Workload workload,
        Generation generation,
        double seconds,
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

    /** Nothing that reads every weight once a token can be faster. */
    double limitDecodeTokensPerSecond() {
        return hostReadBytesPerSecond / load.weightBytesPerToken();
    }

    String json(String model) {
        return JsonLine.of(line -> line.put("model", model)
                .put("prompt_tokens", workload.promptTokens())
                .put("new_tokens", generation.ids().length)
                .put("load_seconds", load.seconds())
                .put("prefill_seconds", generation.prefillSeconds())
                .put("prefill_tokens_per_second", prefillTokensPerSecond())
                .put("decode_seconds", generation.decodeSeconds())
                .put("decode_tokens_per_second", decodeTokensPerSecond())
                .put("tokens_per_second", generation.ids().length / seconds)
                .put("held_bytes", this::held)
                .put("weight_bytes_per_token", load.weightBytesPerToken())
                .put("achieved_bytes_per_second", achievedBytesPerSecond())
                .put("host_read_bytes_per_second", hostReadBytesPerSecond)
                .put("limit_decode_tokens_per_second", limitDecodeTokensPerSecond())
                .put("decode_over_limit", decodeTokensPerSecond() / limitDecodeTokensPerSecond()));
    }

    private void held(JsonLine line) {
        for (Tier tier : Tier.values()) {
            line.put(tier.name().toLowerCase(Locale.ROOT), load.heldBytes().getOrDefault(tier, 0L));
        }
    }

    String text(String model) {
        return String.format(
                Locale.ROOT,
                """
                %s: %d tokens read, %d written
                load          %8.2f s
                prefill       %8.1f tok/s
                decode        %8.2f tok/s
                weights       %s a token, read at %.1f GB/s
                memory        %.1f GB/s measured with the same threads
                limit         %8.2f tok/s, of which decode reaches %.0f %%
                """,
                model,
                workload.promptTokens(),
                generation.ids().length,
                load.seconds(),
                prefillTokensPerSecond(),
                decodeTokensPerSecond(),
                Bytes.format(load.weightBytesPerToken()),
                achievedBytesPerSecond() / 1e9,
                hostReadBytesPerSecond / 1e9,
                limitDecodeTokensPerSecond(),
                100 * decodeTokensPerSecond() / limitDecodeTokensPerSecond());
    }
}
