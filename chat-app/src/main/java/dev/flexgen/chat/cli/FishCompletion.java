package dev.flexgen.chat.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The completion script for fish, which picocli does not make. */
final class FishCompletion {

    private static final Set<String> PATHS = Set.of("FILE", "FOLDER", "NAME|FILE");

    private final List<String> lines = new ArrayList<>();

    private FishCompletion() {}

    /** The script for a program with the commands of {@code root}; its own options count where no command is named. */
    static String of(CommandLine root) {
        var script = new FishCompletion();
        script.lines.add("# Completion of flexgen-chat for fish; made by: flexgen-chat completion fish");
        script.lines.add("complete -c flexgen-chat -e");
        String none = "not __fish_seen_subcommand_from " + names(root);
        script.options(none, root.getCommandSpec());
        script.subcommands(none, root);
        return String.join("\n", script.lines) + "\n";
    }

    private void subcommands(String condition, CommandLine line) {
        for (Map.Entry<String, CommandLine> entry : line.getSubcommands().entrySet()) {
            CommandLine inner = entry.getValue();
            lines.add(complete(condition) + " -f -a " + quoted(entry.getKey()) + " -d " + quoted(about(inner)));
            String within = "__fish_seen_subcommand_from " + entry.getKey();
            if (inner.getSubcommands().isEmpty()) {
                options(within, inner.getCommandSpec());
            } else {
                String alone = within + "; and not __fish_seen_subcommand_from " + names(inner);
                options(alone, inner.getCommandSpec());
                subcommands(alone, inner);
            }
        }
    }

    private void options(String condition, CommandSpec spec) {
        for (OptionSpec option : spec.options()) {
            var line = new StringBuilder(complete(condition));
            for (String name : option.names()) {
                line.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
            }
            if (option.arity().max() > 0) {
                line.append(" -r").append(values(option));
            }
            lines.add(line + " -d " + quoted(first(option.description())));
        }
        spec.positionalParameters().stream()
                .filter(parameter -> parameter.completionCandidates() != null || PATHS.contains(parameter.paramLabel()))
                .forEach(parameter -> lines.add(complete(condition) + values(parameter)));
    }

    private static String values(ArgSpec argument) {
        if (argument.completionCandidates() != null) {
            List<String> values = new ArrayList<>();
            argument.completionCandidates().forEach(values::add);
            return " -f -a " + quoted(String.join(" ", values));
        }
        return PATHS.contains(argument.paramLabel()) ? " -F" : " -f";
    }

    private static String complete(String condition) {
        return "complete -c flexgen-chat -n " + quoted(condition);
    }

    private static String names(CommandLine line) {
        Collection<String> names = line.getSubcommands().keySet();
        return String.join(" ", names);
    }

    private static String about(CommandLine line) {
        return first(line.getCommandSpec().usageMessage().description());
    }

    private static String first(String[] description) {
        return description.length == 0 ? "" : description[0].replace("%%", "%");
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
