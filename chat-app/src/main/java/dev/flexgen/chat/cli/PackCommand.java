package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.config.WeightChoice;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.ResolvedModel;
import java.util.List;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code pack}: makes the packed form of a model ahead of time. */
@Command(
        name = "pack",
        description = {
            "Packs a model: encodes its weights once, so that it opens faster and needs less disk.",
            "chat and the others do that by themselves for large models. Without --weights: q4.",
            "Ctrl-C keeps what is done; the same command goes on from it."
        })
final class PackCommand implements AppCommand {

    @Parameters(paramLabel = "MODEL", description = "A folder, a catalogue name or a Hugging Face id")
    String model = "";

    private final Wiring wiring;

    PackCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(SettingTable.STORE, SettingTable.WEIGHTS, SettingTable.QUIET);
    }

    @Override
    public ExitCode run(Settings settings) {
        WeightChoice choice = settings.get(SettingTable.WEIGHTS);
        if (choice == WeightChoice.NATIVE) {
            throw CommandException.usage("weights as stored are not packed; say --weights f16, q8, q4 or q3");
        }
        WeightType weights = choice == WeightChoice.AUTO ? WeightType.Q4 : Packing.weights(choice);
        ResolvedModel resolved = wiring.model(settings, model);
        Packing packing = new Packing(wiring, settings);
        try {
            PackedForm form = packing.pack(packing.key(model), resolved, weights);
            wiring.streams()
                    .printLine(resolved.name() + " in " + form.weights() + ": " + Bytes.format(form.bytes()) + " in "
                            + form.folder());
            return ExitCode.OK;
        } catch (CancellationException stopped) {
            wiring.streams().note("stopped; the same command goes on from what is packed");
            return ExitCode.INTERRUPTED;
        }
    }
}
