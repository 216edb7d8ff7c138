package dev.flexgen.chat.repl.command;

import dev.flexgen.config.Settings;
import java.util.List;
import java.util.Optional;

/** The models of this machine, one of which is open. For the chat's thread. */
public interface ModelShelf {

    /** Where there is nothing to choose from. */
    ModelShelf NONE = new ModelShelf() {
        @Override
        public List<Suggestion> here() {
            return List.of();
        }

        @Override
        public Change open(String reference, Settings settings) {
            throw new UnsupportedOperationException("there is one model only");
        }
    };

    /** Those that are here, with their sizes. */
    List<Suggestion> here();

    /**
     * Closes the open model and opens another. Where that fails, the old one is open again, but is another object: it holds nothing of
     * the conversation.
     *
     * @param reference as after {@code --model}
     */
    Change open(String reference, Settings settings);

    /**
     * What came of it.
     *
     * @param partner who is there now; empty if the one before was never closed
     * @param refusal why it is not the one asked for
     */
    record Change(Optional<Partner> partner, Optional<String> refusal) {}
}
