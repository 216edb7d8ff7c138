package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.live.Watch;
import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a dialogue needs of a model. Prompts are ids, not text: encoding a whole dialogue anew may merge its pieces
 * differently, and the model would then have to read again what it already holds. Used by one thread at a time.
 */
public interface ChatModel {

    /** What it holds of a conversation, to be kept and recalled. */
    default ModelMemory memory() {
        return ModelMemory.NONE;
    }

    /** What computes the replies, for whoever wants to watch. */
    default Watch watch() {
        return Watch.NOBODY;
    }

    /**
     * Continues the prompt several times, of which {@link #keep} keeps one. All at once where the model can do that.
     *
     * @param options for each reply
     * @param listeners hear their replies; the first also hears of the prompt
     */
    default List<Reply> replies(
            TokenIds prompt,
            List<String> stopStrings,
            List<ReplyOptions> options,
            List<? extends ReplyListener> listeners,
            CancelToken cancel) {
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            replies.add(reply(prompt, stopStrings, options.get(i), listeners.get(i), cancel));
        }
        return replies;
    }

    /** Of the last {@link #replies} the one of this index is what the model goes on with. */
    default void keep(int index) {}

    /** Whether {@link #readAhead} does anything. */
    default boolean readsAhead() {
        return false;
    }

    /**
     * Reads the beginning of a prompt that may come, until something else is asked of the model; returns at once. A beginning that
     * turns out to be wrong costs time and changes nothing. From any thread, but only while no reply is made.
     */
    default void readAhead(TokenIds beginning) {}

    /**
     * What it would take to reply to this prompt; empty if there is nothing to judge by. From any thread, but only while no reply is
     * made.
     */
    default Optional<TurnCost> expect(TokenIds prompt) {
        return Optional.empty();
    }

    /** How many tokens prompt and reply may have together. */
    int contextLimit();

    /** The ids of text that opens a prompt, with the begin token where the model wants one, also for no text. */
    TokenIds encodeStart(String text);

    /** The ids of text that continues a prompt. */
    TokenIds encodeContinuation(String text);

    /**
     * Continues the prompt. Only what differs from the last prompt and reply is read again.
     *
     * @param stopStrings where the reply ends; they are not part of it
     * @param options its token limit and the prompt together must stay within {@link #contextLimit()}
     * @param cancel ends the reply early and keeps what was said
     */
    Reply reply(
            TokenIds prompt,
            List<String> stopStrings,
            ReplyOptions options,
            ReplyListener listener,
            CancelToken cancel);
}
