package dev.flexgen.chat.repl.command;

import java.io.IOException;
import java.util.List;

/** Puts a file into the next message. */
final class FileCommand implements SlashCommand {

    @Override
    public String name() {
        return "/file";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/file PATH";
    }

    @Override
    public String summary() {
        return "put a text file into the next message; @PATH anywhere in a message does the same";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? PathSuggestions.of(words.getFirst(), chat) : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        if (argument.chars().anyMatch(Character::isWhitespace)) {
            chat.error("/file takes one path without blanks in it.");
            return Outcome.CONTINUE;
        }
        try {
            int tokens = chat.dialogue()
                    .messageIds(new Attachments(chat::path).text(argument))
                    .length();
            int room = chat.dialogue().model().contextLimit() - chat.dialogue().openingTokens();
            chat.remark("[" + argument + " has " + Counted.of(tokens, "token") + " of the context's "
                    + chat.dialogue().model().contextLimit() + (tokens > room ? ": too many" : "")
                    + "; it goes in where @" + argument + " stands]");
            return new Outcome.Draft("@" + argument + " ");
        } catch (IOException e) {
            chat.error("The file cannot be used: " + e.getMessage() + ".");
            return Outcome.CONTINUE;
        }
    }
}
