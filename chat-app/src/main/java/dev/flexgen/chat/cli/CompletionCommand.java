package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.model.Families;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Parameters;

/** {@code completion}: the script that lets a shell complete our commands, options, models and values. */
@Command(
        name = "completion",
        description = {
            "Prints a script with which a shell completes commands, options, models and values by Tab.",
            "bash:  source <(flexgen-chat completion bash)      in ~/.bashrc",
            "zsh:   source <(flexgen-chat completion zsh)       in ~/.zshrc, behind compinit",
            "fish:  flexgen-chat completion fish | source       in ~/.config/fish/config.fish"
        })
final class CompletionCommand implements AppCommand {

    @Parameters(paramLabel = "SHELL", description = "bash, zsh or fish")
    String shell = "";

    private final Wiring wiring;
    private final Supplier<CommandLine> commands;

    CompletionCommand(Wiring wiring, Supplier<CommandLine> commands) {
        this.wiring = wiring;
        this.commands = commands;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of();
    }

    /** A shell that starts must not hear of a wrong settings file. */
    @Override
    public ExitCode start(Supplier<Settings> settings) {
        CommandLine line = commands.get();
        complete(line.getCommandSpec());
        Objects.requireNonNull(line.getSubcommands().get("chat")).getCommandSpec().options().stream()
                .filter(option -> !option.usageHelp())
                .forEach(option ->
                        line.getCommandSpec().addOption(option.toBuilder().build())); // the command that needs no name
        wiring.streams()
                .print(
                        switch (shell) {
                            case "bash", "zsh" -> AutoComplete.bash("flexgen-chat", line);
                            case "fish" -> FishCompletion.of(line);
                            default ->
                                throw CommandException.usage("there is no completion for '" + PlainText.excerpt(shell)
                                        + "'; name one of bash, zsh, fish");
                        });
        return ExitCode.OK;
    }

    @Override
    public ExitCode run(Settings settings) {
        return start(() -> settings);
    }

    /** Adds the values to choose from where a model, a setting or a shell is wanted. */
    private void complete(CommandSpec spec) {
        for (OptionSpec option : List.copyOf(spec.options())) {
            List<String> values = values(option);
            if (!values.isEmpty()) {
                spec.remove(option);
                spec.addOption(option.toBuilder().completionCandidates(values).build());
            }
        }
        for (PositionalParamSpec parameter : List.copyOf(spec.positionalParameters())) {
            List<String> values = values(parameter);
            if (!values.isEmpty()) {
                spec.remove(parameter);
                spec.addPositional(
                        parameter.toBuilder().completionCandidates(values).build());
            }
        }
        spec.subcommands().values().forEach(inner -> complete(inner.getCommandSpec()));
    }

    private List<String> values(ArgSpec argument) {
        if (argument.userObject() instanceof Setting<?> setting
                && !setting.isSwitch()
                && !setting.choices().isEmpty()) {
            return setting.choices();
        }
        return switch (argument.paramLabel()) {
            case "MODEL" -> models();
            case "SETTING" -> SettingTable.names();
            case "SHELL" -> List.of("bash", "zsh", "fish");
            default -> List.of();
        };
    }

    private List<String> models() {
        List<String> models = new ArrayList<>();
        models.add(BundledModel.DEMO.modelName());
        wiring.catalogue().entries().stream()
                .filter(entry -> Families.names().contains(entry.family()))
                .map(CatalogueEntry::name)
                .forEach(models::add);
        return models;
    }
}
