package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.setup.SetupWizard;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.chat.wizard.screen.WizardScreen;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code setup}: the wizard, or the same from flags alone. */
@Command(
        name = "setup",
        description = {
            "Chooses a model, downloads it and writes the settings file, page by page.",
            "With --model nothing is shown and every other answer is an option too, as scripts need it."
        })
final class SetupCommand implements AppCommand {

    @Option(names = "--accept-licence", description = "Agree to the model's licence, which 'models show' names")
    boolean acceptLicence;

    @Option(names = "--no-download", description = "Write the settings file only")
    boolean noDownload;

    @Option(names = "--anyway", description = "Set the model up even if it does not fit this machine")
    boolean anyway;

    @Option(names = "--yes", description = "Download without asking")
    boolean yes;

    private final Wiring wiring;

    SetupCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(
                SettingTable.MODEL,
                SettingTable.STORE,
                SettingTable.GPUS,
                SettingTable.GPU_MEMORY,
                SettingTable.CPU_MEMORY,
                SettingTable.DISK_DIR,
                SettingTable.COLOR,
                SettingTable.QUIET);
    }

    @Override
    public ExitCode run(Settings settings) {
        boolean terminal = wiring.streams().terminal().getAsBoolean();
        if (settings.source(SettingTable.MODEL) instanceof SettingSource.Flag) {
            var flags = new ScriptedSetup.Flags(acceptLicence, noDownload, yes, anyway);
            return new ScriptedSetup(wiring, settings, flags, terminal).run();
        }
        if (acceptLicence || noDownload || yes || anyway) {
            throw CommandException.usage(
                    "--accept-licence, --no-download, --anyway and --yes need --model: they are answers for a setup"
                            + " without pages");
        }
        if (terminal && SetupWizard.dumb(wiring)) {
            throw CommandException.usage(
                    "setup cannot show its pages on this terminal, whose TERM is dumb; answer with options: --model"
                            + " NAME, and where they apply --store FOLDER, --accept-licence, --yes or --no-download");
        }
        if (!terminal) {
            throw CommandException.usage(
                    "setup needs a terminal to show its pages; without one, answer with options: --model"
                            + " NAME, and where they apply --store FOLDER, --accept-licence, --yes or --no-download");
        }
        return chat(new SetupWizard(wiring, settings).run(Purpose.SETUP));
    }

    private ExitCode chat(WizardScreen.End end) {
        return switch (end.outcome()) {
            case CHAT -> new ChatCommand(wiring, end.typed()).run(wiring.settings(Map.of()));
            case CHAT_WITH_DEMO ->
                new ChatCommand(wiring, end.typed()).run(wiring.settings(Map.of(SettingTable.MODEL.name(), "demo")));
            case DONE -> ExitCode.OK;
            case LEFT -> ExitCode.INTERRUPTED;
        };
    }
}
