package dev.flexgen.chat.repl.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Lists the commands, explains one, or lists the keys. */
final class HelpCommand implements SlashCommand {

    private static final String KEYS_TOPIC = "keys";

    private static final String KEYS = """
            Enter              send the message
            Alt-Enter          new line; so does \\ at the end of a line
            \"""                begins and ends a message of several lines
            Ctrl-G             change the message in $VISUAL or $EDITOR; so does Ctrl-X Ctrl-E
            Ctrl-C             stop the reply and send nothing that waits; clear the line
            Ctrl-U             take back what was typed: the line, or during a reply the last message that waits
            Ctrl-T             during a reply: show the monitor; q goes back
            Ctrl-Z             go to the shell; fg comes back
            Ctrl-D             leave; during a reply, when that and what waits is done, unless Ctrl-U takes it back
            Up, Down, Ctrl-R   earlier messages
            Tab                complete a command, what stands behind it, or @PATH""";

    @Override
    public String name() {
        return "/help";
    }

    @Override
    public List<String> aliases() {
        return List.of("/?");
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/help [COMMAND|keys]";
    }

    @Override
    public String summary() {
        return "list the commands, explain one, or list the keys";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        if (words.size() != 1) {
            return List.of();
        }
        boolean slash = words.getFirst().startsWith("/");
        return Stream.concat(
                        Stream.of(Suggestion.of(KEYS_TOPIC, "what the keys do")),
                        chat.commands().all().stream()
                                .map(command -> Suggestion.of(
                                        slash ? command.name() : command.name().substring(1), command.summary())))
                .toList();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var commands = chat.commands();
        var name = argument.startsWith("/") ? argument : "/" + argument;
        if (argument.isEmpty()) {
            chat.remark(overview(commands));
        } else if (argument.equalsIgnoreCase(KEYS_TOPIC)) {
            chat.remark(KEYS);
        } else {
            commands.find(name)
                    .ifPresentOrElse(
                            command -> chat.remark(explain(command)), () -> chat.error(commands.unknown(name)));
        }
        return Outcome.CONTINUE;
    }

    /** The commands as a table for the README, in Markdown, each line ended by a newline. */
    static String markdown(Commands commands) {
        var table = new StringBuilder("| in the chat | does |\n| --- | --- |\n");
        for (SlashCommand command : commands.all()) {
            table.append("| `").append(command.usage().replace("|", "\\|")).append("` | ");
            table.append(command.summary()).append(" |\n");
        }
        return table.toString();
    }

    private static String overview(Commands commands) {
        List<String> lines = new ArrayList<>();
        int width = commands.all().stream()
                .mapToInt(command -> command.usage().length())
                .max()
                .orElse(0);
        for (SlashCommand command : commands.all()) {
            lines.add(row(width, command.usage(), command.summary()));
        }
        lines.add(row(width, "//text", "a message that begins with a slash"));
        lines.add("/help keys lists the keys; Tab completes.");
        return String.join("\n", lines);
    }

    private static String explain(SlashCommand command) {
        var also = command.aliases().isEmpty() ? "" : " (also " + String.join(", ", command.aliases()) + ")";
        var details = command.details().isEmpty() ? "" : "\n" + command.details();
        return command.usage() + ": " + command.summary() + also + details;
    }

    private static String row(int width, String left, String right) {
        return String.format(Locale.ROOT, "%-" + Math.max(1, width) + "s  %s", left, right);
    }
}
