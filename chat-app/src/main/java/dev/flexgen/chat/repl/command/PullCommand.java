package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.CommandException;
import dev.flexgen.hub.HubException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** Downloads a model in the middle of a chat. */
final class PullCommand implements SlashCommand {

    @Override
    public String name() {
        return "/pull";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/pull MODEL";
    }

    @Override
    public String summary() {
        return "download a model; /model NAME goes on with it";
    }

    @Override
    public String details() {
        return "MODEL is a catalogue name or a Hugging Face id. Ctrl-C stops it; what is here is kept, and the same command goes on"
                + " from it.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? chat.models().elsewhere() : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        try {
            chat.remark("[" + chat.models().pull(argument, chat) + "]");
        } catch (CancellationException stopped) {
            chat.remark("[stopped; what is here is kept, and the same command goes on from it]");
        } catch (CommandException | HubException e) {
            String text = String.valueOf(e.getMessage());
            chat.error(text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".");
        }
        return Outcome.CONTINUE;
    }
}
