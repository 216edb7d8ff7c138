package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.sample.SamplerOptions;

/**
 * How a reply is made.
 *
 * @param maxNewTokens most tokens of one reply, at least 1
 */
public record ReplyOptions(int maxNewTokens, SamplerOptions sampling) {

    public ReplyOptions {
        if (maxNewTokens < 1) {
            throw new IllegalArgumentException("a reply needs room for at least one token, not " + maxNewTokens);
        }
    }

    public ReplyOptions withMaxNewTokens(int tokens) {
        return new ReplyOptions(tokens, sampling);
    }
}
