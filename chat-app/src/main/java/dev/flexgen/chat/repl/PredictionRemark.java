package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.DraftCount;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.live.Watch;
import dev.flexgen.chat.machine.PredictionCheck;
import java.util.Optional;

/**
 * Says once for a model that it is much slower or faster than it was planned. Owned by the chat's thread.
 *
 * <p>Not of the first reply, through which code is still being compiled; nor of replies with drafts, whose tokens share steps; nor of
 * models so small that nobody waits for a token, whose time is not that of moving weights.
 */
final class PredictionRemark {

    private static final double SHORT_SECONDS = 0.02;

    private boolean first = true;
    private boolean said;

    /** Another model replies from now on. */
    void forget() {
        first = true;
        said = false;
    }

    /**
     * The sentence, if it is due.
     *
     * @param context tokens that the reply ended with
     */
    Optional<String> of(Reply reply, Watch watch, int context) {
        boolean warm = !first;
        first = false;
        if (!warm
                || said
                || reply.generatedTokens() < PredictionCheck.FEWEST_TOKENS
                || !reply.drafts().equals(DraftCount.NONE)) {
            return Optional.empty();
        }
        Optional<String> sentence = watch.price(Math.max(1, context - reply.generatedTokens() / 2))
                .filter(price -> price.seconds() >= SHORT_SECONDS)
                .flatMap(price -> new PredictionCheck(price).sentence(reply.generatedTokens(), reply.decodeSeconds()));
        said = sentence.isPresent();
        return sentence;
    }
}
