package dev.flexgen.chat.cli;

import dev.flexgen.engine.FinishReason;
import dev.flexgen.engine.Generation;
import org.jspecify.annotations.Nullable;

/**
 * What a model made of one prompt.
 *
 * @param promptTokens ids of the prompt
 * @param text the new ids as text up to a stop string; null without a tokenizer
 */
record Completion(
        int promptTokens, Generation generation, @Nullable String text) {

    /** The line of {@code generate --json}. */
    String json(int index) {
        return JsonLine.of(line -> line.put("index", index)
                .put("prompt_tokens", promptTokens)
                .put("ids", generation.ids())
                .put("text", text)
                .put("finish_reason", reason(generation.reason()))
                .put(
                        "timing",
                        timing -> timing.put("prefill_seconds", generation.prefillSeconds())
                                .put("decode_seconds", generation.decodeSeconds())
                                .put("decode_tokens_per_second", tokensPerSecond())));
    }

    /** NaN when no time was spent. */
    private double tokensPerSecond() {
        return generation.decodeSeconds() > 0 ? generation.decodeTokensPerSecond() : Double.NaN;
    }

    private static String reason(FinishReason reason) {
        return switch (reason) {
            case LENGTH -> "length";
            case STOP -> "stop";
            case EOS -> "eos";
            case CANCELLED -> "cancelled";
        };
    }
}
