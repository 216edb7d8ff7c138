package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.Quoted;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.RemovalPlan;
import java.util.List;
import java.util.stream.Collectors;
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

    @Option(
            names = "--packed",
            paramLabel = "WEIGHTS",
            description = "Remove a packed form instead: f16, q8, q4, q3, or all")
    String packed = "";

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
        Packing packing = new Packing(wiring, settings);
        if (!packed.isEmpty()) {
            return removePacked(packing);
        }
        HubCache store = wiring.hubCache(settings);
        RemovalPlan plan = store.removal(StoredModel.ref(wiring.catalogue(), model));
        Streams streams = wiring.streams();
        if (!agreed(plan, store)) {
            streams.note("nothing was removed");
            return ExitCode.OK;
        }
        streams.printLine("removed " + plan.ref() + ", " + Bytes.format(store.remove(plan)) + " freed");
        List<PackedForm> left = packing.forms(model);
        if (!left.isEmpty()) {
            streams.note("packed forms stay: "
                    + left.stream().map(PackedForm::weights).collect(Collectors.joining(", "))
                    + "; remove them with --packed");
        }
        return ExitCode.OK;
    }

    private ExitCode removePacked(Packing packing) {
        boolean all = packed.equals("all");
        if (!all && Packing.packable(packed).isEmpty()) {
            throw CommandException.usage("--packed is " + Quoted.of(packed) + "; it is f16, q8, q4, q3 or all");
        }
        List<PackedForm> forms = packing.forms(model).stream()
                .filter(form -> all || form.weights().equals(packed))
                .toList();
        if (forms.isEmpty()) {
            throw CommandException.model(model + " is not packed" + (all ? "" : " in " + packed)
                    + "; 'flexgen-chat models show " + model + "' says what there is of it");
        }
        for (PackedForm form : forms) {
            String what = "the packed form " + form.weights() + " of " + form.model();
            if (!yes && !wiring.streams().terminal().getAsBoolean()) {
                throw CommandException.usage("there is no terminal to ask at; add --yes to remove " + what);
            }
            if (yes
                    || Question.yes(
                            wiring.streams(), "Remove " + what + ", which frees " + Bytes.format(form.bytes()) + "?")) {
                wiring.streams()
                        .printLine("removed " + what + ", "
                                + Bytes.format(packing.store().remove(form)) + " freed");
            } else {
                wiring.streams().note(what + " stays");
            }
        }
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
