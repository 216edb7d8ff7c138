package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
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
        return new PullRun(wiring, settings).run(ref, json ? PullRun.Output.JSON : PullRun.Output.FOR_PEOPLE);
    }
}
