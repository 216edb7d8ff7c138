package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Quoted;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.PackedModels;
import dev.flexgen.engine.WeightType;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models pull}: downloads a model, or what is missing of it. */
@Command(
        name = "pull",
        description = {
            "Downloads a model from Hugging Face, or what is missing of it.",
            "Progress goes to standard error. Ctrl-C keeps what is here; the same command goes on from it."
        })
final class PullCommand implements AppCommand {

    @Parameters(paramLabel = "MODEL", description = "A catalogue name or a Hugging Face id, either with @REVISION")
    String model = "";

    @Option(names = "--anyway", description = "Download it even if it does not fit this machine")
    boolean anyway;

    @Option(
            names = "--pack",
            paramLabel = "WEIGHTS",
            description =
                    "Keep only the packed model, in f16, q8, q4 or q3: each file is packed when it is here, then deleted")
    String pack = "";

    @Option(names = "--json", description = "Print events on standard output, one JSON object a line")
    boolean json;

    private final Wiring wiring;

    PullCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(SettingTable.STORE, SettingTable.QUIET);
    }

    @Override
    public ExitCode run(Settings settings) {
        var ref = StoredModel.ref(wiring.catalogue(), model);
        if (!anyway) {
            int at = model.indexOf('@');
            wiring.catalogue()
                    .find(at < 0 ? model : model.substring(0, at))
                    .flatMap(entry -> Obstacle.of(wiring, settings, entry))
                    .ifPresent(obstacle -> obstacle.requireConsent(
                            wiring.streams(),
                            !json && wiring.streams().terminal().getAsBoolean(),
                            "Download it all the same?"));
        }
        PullRun.Output output = json ? PullRun.Output.JSON : PullRun.Output.FOR_PEOPLE;
        if (pack.isEmpty()) {
            return new PullRun(wiring, settings).run(ref, output);
        }
        WeightType weights = Packing.packable(pack)
                .orElseThrow(
                        () -> CommandException.usage("--pack is " + Quoted.of(pack) + "; it is f16, q8, q4 or q3"));
        PackedModels store = new Packing(wiring, settings).store();
        Path scratch = store.folder(Packing.keyOf(ref)).resolve(".arriving");
        return new PullRun(wiring, settings, wiring.packedPull(settings, scratch, store, weights)).run(ref, output);
    }
}
