package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.base.CancelToken;
import java.util.List;

/**
 * What a dialogue needs of a model. Prompts are ids, not text: encoding a whole dialogue anew may merge its pieces
 * differently, and the model would then have to read again what it already holds. Used by one thread at a time.
 */
public interface ChatModel {

    /** What it holds of a conversation, to be kept and recalled. */
    default ModelMemory memory() {
        return ModelMemory.NONE;
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
