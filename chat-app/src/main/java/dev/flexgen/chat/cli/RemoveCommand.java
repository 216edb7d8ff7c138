package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.RemovalPlan;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code models rm}: deletes a model from the store. */
@Command(
        name = "rm",
        description = {
            "Removes a model from the store and says how much room that made.",
            "Asks first. What another revision of the same model uses stays."
        })
final class RemoveCommand implements AppCommand {

    @Parameters(paramLabel = "MODEL", description = "A catalogue name or a Hugging Face id, either with @REVISION")
    String model = "";

    @Option(names = "--yes", description = "Remove without asking")
    boolean yes;

    private final Wiring wiring;

    RemoveCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(SettingTable.STORE);
    }

    @Override
    public ExitCode run(Settings settings) {
        HubCache store = wiring.hubCache(settings);
        RemovalPlan plan = store.removal(StoredModel.ref(wiring.catalogue(), model));
        Streams streams = wiring.streams();
        if (!agreed(plan, store)) {
            streams.err().println("flexgen-chat: nothing was removed");
            return ExitCode.OK;
        }
        streams.printLine("removed " + plan.ref() + ", " + Bytes.format(store.remove(plan)) + " freed");
        return ExitCode.OK;
    }

    private boolean agreed(RemovalPlan plan, HubCache store) {
        if (yes) {
            return true;
        }
        String what = plan.ref() + " from " + store.root() + ", which frees " + Bytes.format(plan.freedBytes());
        if (!wiring.streams().terminal().getAsBoolean()) {
            throw CommandException.usage("there is no terminal to ask at; add --yes to remove " + what);
        }
        return Question.yes(wiring.streams(), "Remove " + what + "?");
    }
}
