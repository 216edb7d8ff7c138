package dev.flexgen.chat.cli;

import dev.flexgen.chat.ClosedOutputException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Wiring;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** All commands: finds the one that the arguments name, parses its options, resolves the settings and runs it. */
public final class Commands {

    private static final String DEFAULT = "chat";
    private static final List<String> ROOT_OPTIONS = List.of("-h", "--help", "-V", "--version");

    /** Commands that nearly always open a model. */
    private static final Set<String> WITH_A_MODEL = Set.of("chat", "generate", "score", "bench");

    private final Wiring wiring;
    private final Failures failures;
    private final Map<String, Supplier<AppCommand>> table = new LinkedHashMap<>();

    public Commands(Wiring wiring, Failures failures) {
        this.wiring = wiring;
        this.failures = failures;
        table.put("chat", () -> new ChatCommand(wiring));
        table.put("generate", () -> new GenerateCommand(wiring));
        table.put("score", () -> new ScoreCommand(wiring));
        table.put("models", () -> new ModelsCommand(wiring));
        table.put("pack", () -> new PackCommand(wiring));
        table.put("verify", () -> new VerifyCommand(wiring));
        table.put("setup", () -> new SetupCommand(wiring));
        table.put("plan", () -> new PlanCommand(wiring));
        table.put("bench", () -> new BenchCommand(wiring));
        table.put("doctor", () -> new DoctorCommand(wiring));
        table.put("config", () -> new ConfigCommand(wiring));
        table.put("log", () -> new LogCommand(wiring));
        table.put("demo", () -> new DemoCommand(wiring));
        table.put("completion", () -> new CompletionCommand(wiring, this::whole));
    }

    /** The names of all commands, the default one first. */
    public List<String> names() {
        return List.copyOf(table.keySet());
    }

    /** Runs what the arguments ask for; every failure is reported here. */
    public ExitCode run(String... args) {
        List<String> words = new ArrayList<>(Arrays.asList(args));
        if (words.isEmpty() || (words.getFirst().startsWith("-") && !ROOT_OPTIONS.contains(words.getFirst()))) {
            words.addFirst(DEFAULT);
        }
        boolean verbose = words.contains("-v") || words.contains("--verbose");
        try {
            words = new FirstWord(table.keySet(), wiring::catalogue, wiring.streams()::inputWaits).understand(words);
            // picocli reads annotations, which takes time: only those of the command in hand, where one is named.
            String first = words.getFirst();
            if (WITH_A_MODEL.contains(first)) {
                wiring.headStart().begin();
            }
            CommandLine line = commandLine(table.containsKey(first) ? List.of(first) : names());
            return execute(line, words);
        } catch (ParameterException wrongOptions) {
            failures.complain(UsageErrors.sentence(wrongOptions));
            return ExitCode.USAGE;
        } catch (ClosedOutputException gone) {
            // Ctrl-C reaches the reader of a pipe as well: that both are gone needs no word.
            return wiring.interruption().stopped() ? ExitCode.INTERRUPTED : failures.report(gone, verbose);
        } catch (RuntimeException | Error failure) {
            return failures.report(failure, verbose);
        }
    }

    /** The names of all commands and of those inside them, such as {@code models pull}, in the order of the manual. */
    public List<String> manualNames() {
        List<String> all = new ArrayList<>();
        commandLine(names()).getSubcommands().forEach((name, line) -> {
            all.add(name);
            line.getSubcommands().keySet().forEach(inner -> all.add(name + " " + inner));
        });
        return all;
    }

    /** The table for the README, in Markdown, each line ended by a newline: the first sentence of each command's help. */
    public String markdown() {
        StringBuilder table = new StringBuilder("| command | what it does |\n| --- | --- |\n");
        commandLine(names()).getSubcommands().forEach((name, line) -> {
            String sentence = line.getCommandSpec().usageMessage().description()[0];
            table.append("| `./flexgen-chat ").append(name).append("` | ").append(sentence);
            table.append(" |\n");
        });
        return table.toString();
    }

    /** The manual page, in roff. */
    public String manualPage() {
        return ManPage.of(whole());
    }

    /** All commands with all options, for what describes them. */
    CommandLine whole() {
        return commandLine(names());
    }

    /** The help of the program for {@code ""}, else of the command with this name, for a page of 100 columns. */
    public String help(String name) {
        CommandLine line = commandLine(names());
        for (String word : name.isEmpty() ? List.<String>of() : List.of(name.split(" ", -1))) {
            line = line.getSubcommands().getOrDefault(word, line);
        }
        return line.getUsageMessage(CommandLine.Help.Ansi.OFF);
    }

    private ExitCode execute(CommandLine line, List<String> words) {
        ParseResult result = line.parseArgs(words.toArray(String[]::new));
        Map<String, String> flags = new HashMap<>(SettingOptions.given(result.commandSpec()));
        while (result.hasSubcommand() && !result.isUsageHelpRequested()) {
            result = result.subcommand();
            flags.putAll(SettingOptions.given(result.commandSpec())); // the inner command's own word is the last
        }
        CommandSpec spec = result.commandSpec();
        if (result.isVersionHelpRequested()) {
            wiring.streams()
                    .printLine("flexgen-chat " + wiring.version() + " (" + wiring.commit() + "Java " + Runtime.version()
                            + ")");
            return ExitCode.OK;
        }
        if (result.isUsageHelpRequested() || !(spec.userObject() instanceof AppCommand command)) {
            wiring.streams().printStyled(spec.commandLine().getUsageMessage());
            return ExitCode.OK;
        }
        return command.start(() -> wiring.settings(flags));
    }

    private CommandLine commandLine(List<String> commands) {
        CommandSpec root = CommandSpec.create().name("flexgen-chat");
        root.usageMessage()
                .description(
                        "Chat in a terminal with language models.",
                        "Without a command: chat, as in flexgen-chat -m opt-1.3b")
                .commandListHeading("%nCommands:%n")
                .footer("", "flexgen-chat COMMAND --help shows the options of a command.");
        root.addOption(helpOption());
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version")
                .build());
        for (String name : commands) {
            root.addSubcommand(name, spec(command(name)));
        }
        return new CommandLine(root)
                .setExpandAtFiles(false)
                .setInterpolateVariables(false)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(100);
    }

    private static OptionSpec helpOption() {
        return OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help")
                .build();
    }

    private AppCommand command(String name) {
        Supplier<AppCommand> command = table.get(name);
        if (command == null) {
            throw new IllegalArgumentException("no command " + name);
        }
        return command.get();
    }

    private static CommandSpec spec(AppCommand command) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(command);
        spec.usageMessage().sortOptions(false).sortSynopsis(false);
        SettingOptions.addTo(spec, command.settings());
        spec.addOption(OptionSpec.builder("-v", "--verbose")
                .description("Say more about what goes wrong")
                .build());
        spec.addOption(helpOption());
        for (AppCommand inner : command.subcommands()) {
            CommandSpec innerSpec = spec(inner);
            spec.addSubcommand(innerSpec.name(), innerSpec);
        }
        return spec;
    }
}
