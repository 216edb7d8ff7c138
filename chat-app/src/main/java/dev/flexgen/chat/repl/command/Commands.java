package dev.flexgen.chat.repl.command;

import dev.flexgen.config.NearestName;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The table of slash commands. */
public final class Commands {

    private final List<SlashCommand> all;

    public Commands(List<SlashCommand> all) {
        this.all = List.copyOf(all);
    }

    /** The commands of the chat, in the order in which {@code /help} lists them. */
    public static Commands standard() {
        return new Commands(List.of(new HelpCommand(), new ClearCommand(), new ByeCommand()));
    }

    public List<SlashCommand> all() {
        return all;
    }

    /**
     * The command of this name.
     *
     * @param name with its slash; names and aliases alike, in any case
     */
    public Optional<SlashCommand> find(String name) {
        return all.stream()
                .filter(command -> names(command).anyMatch(name::equalsIgnoreCase))
                .findFirst();
    }

    /** The sentence about a name that is no command, with the nearest one that is. */
    public String unknown(String name) {
        if (name.length() == 1) {
            return "A command has a name behind the slash; /help lists them. Begin a message with // for a literal slash.";
        }
        var known = all.stream().flatMap(Commands::names).toList();
        return "There is no command " + name
                + NearestName.of(name, known)
                        .map(near -> "; did you mean " + near + "?")
                        .orElse("; /help lists them.")
                + " Begin a message with // for a literal slash.";
    }

    static Stream<String> names(SlashCommand command) {
        return Stream.concat(Stream.of(command.name()), command.aliases().stream());
    }
}
