package dev.flexgen.chat.dialogue;

import java.util.List;

/**
 * One message and its reply, with the ids that stand for them in the prompt.
 *
 * @param promptIds the message with its surroundings, up to where the model spoke
 * @param end why the reply ended
 */
public record Turn(String message, TokenIds promptIds, String reply, TokenIds replyIds, ReplyEnd end) {

    public int tokens() {
        return promptIds.length() + replyIds.length();
    }

    Turn withPromptIds(TokenIds ids) {
        return new Turn(message, ids, reply, replyIds, end);
    }

    Turn withReplyIds(TokenIds ids) {
        return new Turn(message, promptIds, reply, ids, end);
    }

    /** The same with a reply that went on. */
    Turn with(Reply more) {
        return new Turn(
                message, promptIds, reply + more.text(), TokenIds.join(List.of(replyIds, more.ids())), more.end());
    }

    Transcript.Exchange exchange() {
        return new Transcript.Exchange(message, reply, end);
    }
}
