package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.prompt.PromptFormat;
import java.util.Optional;

/**
 * What every prompt of a dialogue begins with.
 *
 * @param event what the user should know about it
 */
record Opening(TokenIds ids, boolean hasText, Optional<DialogueEvent> event) {

    /** The best one that leaves room for the dialogue itself. */
    static Opening of(ChatModel model, PromptFormat format, String systemText) {
        int share = ContextBudget.openingShare(model.contextLimit());
        var text = format.openings(systemText).stream()
                .filter(candidate ->
                        candidate.isEmpty() || model.encodeStart(candidate).length() <= share)
                .findFirst()
                .orElse("");
        Optional<DialogueEvent> event = !text.isEmpty() || systemText.isBlank()
                ? Optional.empty()
                : Optional.of(new DialogueEvent.SystemTextLeftOut(
                        model.encodeStart(systemText.strip()).length(), share));
        return new Opening(model.encodeStart(text), !text.isEmpty(), event);
    }
}
