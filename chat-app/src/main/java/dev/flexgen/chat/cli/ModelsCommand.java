package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.DiskSpace;
import dev.flexgen.config.Setting;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.HubCache;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code models}: what the catalogue and the local store hold, and what can be done with it. */
@Command(
        name = "models",
        description =
                "Lists, shows, downloads and removes models; alone it lists those that the program knows or that are"
                        + " here.")
final class ModelsCommand implements AppCommand {

    private final Wiring wiring;

    ModelsCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return ModelSettings.FITTING;
    }

    @Override
    public List<AppCommand> subcommands() {
        return List.of(new ListModels(), new ShowModel(), new PullCommand(wiring), new RemoveCommand(wiring));
    }

    @Override
    public ExitCode run(Settings settings) {
        ModelFitter outlook = wiring.outlook(settings);
        if (outlook.state().found() instanceof Found.Nobody nobody) {
            wiring.streams().note(nobody.sentence()); // why the list says "no" so often
        }
        SpeedWords.caution(outlook.state().profile()).ifPresent(wiring.streams()::note);
        HubCache cache = wiring.hubCache(settings);
        List<PackedForm> packed = new Packing(wiring, settings).store().list();
        wiring.streams()
                .print(ModelListing.of(
                                wiring.catalogue(),
                                cache.list(),
                                new ModelListing.Disk(DiskSpace.free(cache.root()), packed),
                                outlook)
                        + PackedListing.of(packed));
        return ExitCode.OK;
    }

    @Command(name = "list", description = "Lists the catalogue and the local store; the same as 'models' alone.")
    private final class ListModels implements AppCommand {

        @Override
        public List<Setting<?>> settings() {
            return ModelSettings.FITTING;
        }

        @Override
        public ExitCode run(Settings settings) {
            return ModelsCommand.this.run(settings);
        }
    }

    @Command(name = "show", description = "Shows one model: its dimensions, size, licence, place and files.")
    private final class ShowModel implements AppCommand {

        @Parameters(paramLabel = "MODEL", description = "A folder, a catalogue name or a Hugging Face id")
        String model = "";

        @Override
        public List<Setting<?>> settings() {
            return ModelSettings.FITTING;
        }

        @Override
        public ExitCode run(Settings settings) {
            wiring.streams().print(new ModelCard(wiring, settings).of(model));
            SpeedWords.caution(wiring.outlook(settings).state().profile()).ifPresent(wiring.streams()::note);
            return ExitCode.OK;
        }
    }
}
