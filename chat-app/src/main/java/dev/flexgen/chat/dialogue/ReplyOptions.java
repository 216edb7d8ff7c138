package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.sample.SamplerOptions;

/**
 * How a reply is made.
 *
 * @param maxNewTokens most tokens of one reply, at least 1
 * @param goesOn whether it goes on with one that was cut off, so that blanks at its beginning belong to it
 */
public record ReplyOptions(int maxNewTokens, SamplerOptions sampling, boolean goesOn) {

    public ReplyOptions {
        if (maxNewTokens < 1) {
            throw new IllegalArgumentException("a reply needs room for at least one token, not " + maxNewTokens);
        }
    }

    public ReplyOptions(int maxNewTokens, SamplerOptions sampling) {
        this(maxNewTokens, sampling, false);
    }

    public ReplyOptions withMaxNewTokens(int tokens) {
        return new ReplyOptions(tokens, sampling, goesOn);
    }

    /** The same for going on with a reply. */
    public ReplyOptions goingOn() {
        return new ReplyOptions(maxNewTokens, sampling, true);
    }
}
