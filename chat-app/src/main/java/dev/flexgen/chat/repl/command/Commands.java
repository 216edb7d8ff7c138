package dev.flexgen.chat.repl.command;

import dev.flexgen.config.NearestName;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The table of slash commands. Immutable. */
public final class Commands {

    private final List<SlashCommand> all;

    public Commands(List<SlashCommand> all) {
        this.all = List.copyOf(all);
    }

    /** The commands that need nothing but the chat, in the order in which {@code /help} lists them. */
    public static Commands standard() {
        return new Commands(List.of(
                new HelpCommand(),
                new RetryCommand(),
                new MoreCommand(),
                new BestCommand(),
                new EditCommand(),
                new FileCommand(),
                new UndoCommand(),
                new RedoCommand(),
                new NewCommand(),
                new ClearCommand(),
                new SetCommand(),
                new UnsetCommand(),
                new SystemCommand(),
                new RoleCommand(),
                new CompressCommand(),
                new ShowCommand(),
                new PlanCommand(),
                new MonitorCommand(),
                new ModelCommand(),
                new ModelsCommand(),
                new PullCommand(),
                new CopyCommand(),
                new ExportCommand(),
                new ByeCommand()));
    }

    /** These and others, which come before the one that leaves. */
    public Commands with(List<SlashCommand> others) {
        List<SlashCommand> more = new ArrayList<>(all);
        more.addAll(Math.max(0, all.size() - 1), others);
        return new Commands(more);
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

    /** Runs a command, or says why not. */
    public Outcome run(String name, String argument, CommandContext chat) {
        Optional<SlashCommand> found = find(name);
        Optional<String> refusal = found.isEmpty()
                ? Optional.of(unknown(name))
                : wrongArgument(found.get(), argument).or(() -> found.get().refusal(chat));
        if (refusal.isPresent()) {
            chat.error(refusal.get());
            return Outcome.CONTINUE;
        }
        return found.orElseThrow().run(argument, chat);
    }

    private static Optional<String> wrongArgument(SlashCommand command, String argument) {
        return switch (command.arguments()) {
            case NONE ->
                argument.isEmpty()
                        ? Optional.empty()
                        : Optional.of(command.name() + " takes nothing behind its name; nothing was done.");
            case OPTIONAL -> Optional.empty();
            case REQUIRED ->
                argument.isEmpty()
                        ? Optional.of("Something is missing behind " + command.name() + ": " + command.usage() + ".")
                        : Optional.empty();
        };
    }

    /** Ways to complete the last of some words of a line that begins with a slash. */
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        if (words.size() == 1) {
            return all.stream()
                    .map(command -> Suggestion.of(command.name(), command.summary()))
                    .toList();
        }
        return find(words.getFirst()).stream()
                .flatMap(command -> command.complete(words.subList(1, words.size()), chat).stream())
                .toList();
    }

    /** The table for the README, in Markdown, each line ended by a newline. */
    public String markdown() {
        return HelpCommand.markdown(this);
    }

    /** The sentence about a name that is no command, with the nearest one that is. */
    public String unknown(String name) {
        if (name.length() == 1) {
            return "A command has a name behind the slash; /help lists them. Begin a message with // for a literal slash.";
        }
        var known = all.stream().flatMap(Commands::names).toList();
        var longer = known.stream()
                .filter(it -> it.startsWith(name.toLowerCase(Locale.ROOT)))
                .toList();
        if (!longer.isEmpty()) {
            return "There is no command " + name + "; did you mean " + String.join(" or ", longer)
                    + "? Begin a message with // for a literal slash.";
        }
        return "There is no command " + name
                + NearestName.of(name, known)
                        .map(near -> "; did you mean " + near + "?")
                        .orElse("; /help lists them.")
                + " Begin a message with // for a literal slash.";
    }

    private static Stream<String> names(SlashCommand command) {
        return Stream.concat(Stream.of(command.name()), command.aliases().stream());
    }
}
