package dev.flexgen.chat.dialogue;

/**
 * How a context of fixed length is shared out, in tokens.
 *
 * @param limit all of it
 * @param maxNewTokens the longest reply asked for
 */
record ContextBudget(int limit, int maxNewTokens) {

    /** About what a message takes at least. */
    static final int SHORTEST_MESSAGE = 16;

    /** For replies of a model. */
    static ContextBudget of(ChatModel model, ReplyOptions options) {
        return new ContextBudget(model.contextLimit(), options.maxNewTokens());
    }

    /** Most that the opening may take; a longer one would leave too little for the dialogue itself. */
    static int openingShare(int limit) {
        return limit / 4;
    }

    /** Room for a reply worth having; when it is not there, old turns have to go. */
    int comfortableReply() {
        return Math.max(1, Math.min(maxNewTokens, limit / 4));
    }

    /** The least room for a reply; a message that does not leave it is refused. */
    int shortestReply() {
        return Math.max(1, Math.min(maxNewTokens, limit / 16));
    }

    /** How full the context may be after turns were dropped: low enough that this does not recur at every turn. */
    int afterDropping() {
        return Math.min(limit * 6 / 10, limit - comfortableReply());
    }

    /** The limit of a reply behind a prompt of this length. */
    int replyLimit(int promptTokens) {
        return Math.min(maxNewTokens, limit - promptTokens);
    }
}
