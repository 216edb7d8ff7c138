package dev.flexgen.chat.cli;

import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.function.Consumer;

/**
 * Models to change to, of which each change is told.
 *
 * @param onChange is given the name of the model that goes on
 */
record RecordedModels(ModelShelf models, Consumer<String> onChange) implements ModelShelf {

    @Override
    public List<Suggestion> here() {
        return models.here();
    }

    @Override
    public List<Suggestion> elsewhere() {
        return models.elsewhere();
    }

    @Override
    public String pull(String reference, CommandContext chat) {
        return models.pull(reference, chat);
    }

    @Override
    public Change open(String reference, Settings now) {
        Change change = models.open(reference, now);
        if (change.partner().isPresent() && change.refusal().isEmpty()) {
            onChange.accept(reference);
        }
        return change;
    }
}
