package dev.flexgen.chat.dialogue;

/**
 * A finished reply.
 *
 * @param text what was said, trimmed; exactly what the listener heard
 * @param ids the ids of {@code text} to hold in the dialogue; as far as possible those that the model made
 * @param generatedTokens how many tokens the model made, with those of a stop string
 * @param prefilledTokens how many tokens of the prompt had to be read
 * @param drafts how many of its tokens were drafted; {@link DraftCount#NONE} without speculative decoding
 */
public record Reply(
        String text,
        TokenIds ids,
        ReplyEnd end,
        int generatedTokens,
        int prefilledTokens,
        double prefillSeconds,
        double decodeSeconds,
        DraftCount drafts) {

    /** Speed of decoding, of the tokens that needed a step of their own: the first comes with the prompt. 0 if unknown. */
    public double tokensPerSecond() {
        return generatedTokens > 1 && decodeSeconds > 0 ? (generatedTokens - 1) / decodeSeconds : 0;
    }
}
