package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.plan.MachineState;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code doctor}: what this machine and this installation have, each line fine or with what to do. */
@Command(
        name = "doctor",
        description = {
            "Looks at Java, processor, GPU, folders and models, and shows how fast this machine was measured to be.",
            "Each line is fine or says what to do."
        })
final class DoctorCommand implements AppCommand {

    @Option(names = "--measure", description = "Measure the machine now, which takes ten to twenty seconds")
    boolean measure;

    @Option(names = "--json", description = "Print one JSON object; plan --machine reads its machine")
    boolean json;

    private final Wiring wiring;

    DoctorCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of(
                SettingTable.STORE,
                SettingTable.DEVICE,
                SettingTable.GPUS,
                SettingTable.GPU_MEMORY,
                SettingTable.CPU_MEMORY,
                SettingTable.DISK_DIR,
                SettingTable.THREADS,
                SettingTable.QUIET);
    }

    /** Settings that cannot be read are one of the things to look for. */
    @Override
    public ExitCode start(Supplier<Settings> settings) {
        try {
            return run(settings.get());
        } catch (ConfigException broken) {
            Checkup checkup = new Checkup();
            checkup.bad("settings", Failures.sentence(broken));
            wiring.streams().print(json ? checkup.json() + "\n" : checkup.text());
            return ExitCode.USAGE;
        }
    }

    @Override
    public ExitCode run(Settings settings) {
        MachineState machine = wiring.outlook(settings, measure ? Machine.Rates.FRESH : Machine.Rates.SAVED)
                .state();
        Checkup checkup = new Checkup();
        new DoctorChecks(wiring, settings, checkup).all(machine);
        wiring.streams().print(json ? checkup.json() + "\n" : checkup.text());
        return checkup.isWell() ? ExitCode.OK : ExitCode.FAILURE;
    }
}
