package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.CommandException;
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

    /** Those that could be downloaded, with their sizes. */
    default List<Suggestion> elsewhere() {
        return List.of();
    }

    /**
     * Downloads one and shows it.
     *
     * @return what came of it, in a few words
     * @throws dev.flexgen.chat.CommandException if it is none that can be had, or the user does not want it after all
     * @throws dev.flexgen.hub.HubException if it cannot be had
     * @throws java.util.concurrent.CancellationException if the user stopped it
     */
    default String pull(String reference, CommandContext chat) {
        throw CommandException.usage("no models can be downloaded here");
    }

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
