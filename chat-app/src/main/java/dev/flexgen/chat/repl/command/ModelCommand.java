package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.repl.render.StatusText;
import java.util.List;

/** Goes on with another model. */
final class ModelCommand implements SlashCommand {

    @Override
    public String name() {
        return "/model";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/model [NAME]";
    }

    @Override
    public String summary() {
        return "go on with another model, which reads the conversation so far; alone, show the one that is open";
    }

    @Override
    public String details() {
        return "NAME is what --model takes. A model that cannot be opened changes nothing; the one before is then loaded again"
                + " if it had to make room.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? chat.models().here() : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        if (argument.isEmpty()) {
            chat.remark(ShowCommand.model(chat));
            return Outcome.CONTINUE;
        }
        chat.remark("[opening " + argument + "]");
        var change = chat.models().open(argument, chat.settings());
        change.partner().ifPresent(chat::partner);
        if (change.refusal().isPresent()) {
            chat.error(change.refusal().get() + "\nYou still talk with "
                    + chat.partner().name() + ".");
        } else {
            chat.remark("[" + chat.partner().name() + ", context "
                    + chat.dialogue().model().contextLimit() + " tokens; the next turn reads "
                    + Counted.of(chat.dialogue().heldTokens(), "token") + "]");
            chat.dialogue().openingEvent().map(StatusText::event).ifPresent(chat::error);
        }
        return Outcome.CONTINUE;
    }
}
