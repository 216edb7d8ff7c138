package dev.flexgen.chat.repl.command;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Lists the commands and keys, or explains one command. */
final class HelpCommand implements SlashCommand {

    private static final String KEYS = """
            Enter              send the message
            Alt-Enter          new line; so does \\ at the end of a line
            \"""                begins and ends a message of several lines
            Ctrl-C             stop the reply; clear the line
            Ctrl-Z             go to the shell; fg comes back
            Ctrl-D             leave
            Up, Down, Ctrl-R   earlier messages
            Tab                complete a command""";

    @Override
    public String name() {
        return "/help";
    }

    @Override
    public List<String> aliases() {
        return List.of("/?");
    }

    @Override
    public String usage() {
        return "/help [command]";
    }

    @Override
    public String summary() {
        return "list commands and keys, or explain one command";
    }

    @Override
    public List<String> arguments(Commands commands) {
        return commands.all().stream().map(SlashCommand::name).toList();
    }

    @Override
    public Outcome run(String argument, CommandContext context) {
        var commands = context.commands();
        if (argument.isEmpty()) {
            context.out().accept(overview(commands));
            return Outcome.CONTINUE;
        }
        var name = argument.startsWith("/") ? argument : "/" + argument;
        commands.find(name)
                .ifPresentOrElse(
                        command -> context.out().accept(explain(command)),
                        () -> context.error().accept(commands.unknown(name)));
        return Outcome.CONTINUE;
    }

    private static String overview(Commands commands) {
        return Stream.concat(
                        commands.all().stream().map(HelpCommand::line),
                        Stream.of(row("//text", "a message that begins with a slash"), "", KEYS))
                .collect(Collectors.joining("\n"));
    }

    private static String explain(SlashCommand command) {
        var also = command.aliases().isEmpty() ? "" : " (also " + String.join(", ", command.aliases()) + ")";
        return command.usage() + ": " + command.summary() + also;
    }

    private static String line(SlashCommand command) {
        return row(command.usage(), command.summary());
    }

    private static String row(String left, String right) {
        return String.format(Locale.ROOT, "%-18s %s", left, right);
    }
}
