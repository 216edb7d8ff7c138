package dev.flexgen.chat.dialogue;

/**
 * One message and its reply, with the ids that stand for them in the prompt.
 *
 * @param promptIds the message with its surroundings, up to where the model spoke
 */
public record Turn(String message, TokenIds promptIds, String reply, TokenIds replyIds) {

    int tokens() {
        return promptIds.length() + replyIds.length();
    }

    Turn withPromptIds(TokenIds ids) {
        return new Turn(message, ids, reply, replyIds);
    }
}
