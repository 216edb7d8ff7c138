package dev.flexgen.chat.cli;

import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.chat.setup.StoreFolder;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.DiskSpace;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.measure.Hardware;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.MachineState.NamedGpu;
import dev.flexgen.engine.plan.ProductRates;
import dev.flexgen.engine.plan.ProfileJson;
import dev.flexgen.tokenizer.TokenizerException;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** The things that {@code doctor} looks at, in the order in which it shows them. */
final class DoctorChecks {

    /** Less free memory than this is little even for the smallest models. */
    private static final long LITTLE_MEMORY = 512L << 20;

    /** Less room on a disk than this is soon none. */
    private static final long LITTLE_ROOM = 1L << 30;

    private final Wiring wiring;
    private final Settings settings;
    private final Checkup checkup;

    DoctorChecks(Wiring wiring, Settings settings, Checkup checkup) {
        this.wiring = wiring;
        this.settings = settings;
        this.checkup = checkup;
    }

    void all(MachineState machine) {
        checkup.ok("program", "flexgen-chat " + wiring.version() + ", Java " + Runtime.version());
        processor();
        memory();
        gpu(machine);
        tokenizer();
        folders();
        models();
        List<NamedGpu> gpus = machine.found() instanceof Found.WithGpus found ? found.gpus() : List.of();
        machine.profile().ifPresentOrElse(profile -> figures(profile, gpus), this::unmeasured);
    }

    private void processor() {
        List<String> features = Hardware.features();
        int cores = Runtime.getRuntime().availableProcessors();
        String text = Hardware.processor() + ", " + cores + (cores == 1 ? " core" : " cores")
                + (features.isEmpty() ? "" : ", " + String.join(" ", features));
        boolean x86 = System.getProperty("os.arch", "").equals("amd64");
        if (x86 && !features.contains("fma")) {
            checkup.note(
                    "processor",
                    text + "; without fma it computes at about half the speed: nothing can be done about it");
        } else {
            checkup.ok("processor", text);
        }
    }

    private void memory() {
        OptionalLong free = Machine.availableHostBytes();
        if (free.isEmpty()) {
            checkup.note("memory", "the system does not say what is free; give a limit with --cpu-memory");
            return;
        }
        String text = Bytes.format(free.getAsLong()) + " free of "
                + Bytes.format(Machine.hostBytes().orElse(free.getAsLong()));
        if (free.getAsLong() < LITTLE_MEMORY) {
            checkup.note("memory", text + "; close other programs, or raise the container's limit");
        } else {
            checkup.ok("memory", text);
        }
    }

    private void gpu(MachineState machine) {
        switch (machine.found()) {
            case Found.WithGpus(var gpus, var unused) -> {
                for (int i = 0; i < gpus.size(); i++) {
                    long bytes = machine.budget().gpus().get(i).bytes();
                    checkup.ok(
                            label(gpus.get(i)),
                            gpus.get(i).name() + ", " + Bytes.format(Math.max(0, bytes)) + " for models");
                }
                unused.forEach(gpu -> checkup.ok(label(gpu), gpu.name() + ", not used: --gpus says which are"));
            }
            case Found.ProcessorAlone(var reason) -> checkup.ok("GPU", "none is used: " + reason);
            case Found.Nobody(var _, var sentence) -> checkup.bad("GPU", sentence);
        }
    }

    private static String label(NamedGpu gpu) {
        return "GPU " + gpu.number();
    }

    private void tokenizer() {
        try {
            Tokenizers.check(wiring.nativeCache());
            checkup.ok("tokenizer", "its native library is loaded");
        } catch (TokenizerException e) {
            checkup.bad("tokenizer", String.valueOf(e.getMessage()));
        }
    }

    private void folders() {
        AppDirs dirs = wiring.dirs();
        boolean file = dirs.configFile().toFile().exists();
        checkup.ok("settings", dirs.configFile() + (file ? "" : ", which is not there: defaults hold"));
        Map<String, Path> folders = Map.of("data", dirs.data(), "state", dirs.state(), "cache", dirs.cache());
        for (String name : List.of("data", "state", "cache")) {
            room(name, folders.getOrDefault(name, dirs.cache()), false);
        }
    }

    private void models() {
        int here = wiring.hubCache(settings).list().size();
        int packed = new Packing(wiring, settings).store().list().size();
        Path store = wiring.hubCache(settings).root();
        room("models", store, true);
        checkup.ok("models", here + " downloaded, " + packed + " packed; 'flexgen-chat models' lists them");
    }

    private void room(String name, Path folder, boolean mayBeFull) {
        String problem = StoreFolder.problem(folder, 0);
        long free = DiskSpace.free(folder);
        String text = folder + ", " + Bytes.format(free) + " free";
        if (!problem.isEmpty()) {
            checkup.bad(name, problem);
        } else if (free < LITTLE_ROOM) {
            checkup.note(name, text + (mayBeFull ? "; make room, or choose another --store" : "; make room"));
        } else {
            checkup.ok(name, text);
        }
    }

    private void unmeasured() {
        checkup.note(
                "speed",
                "this machine was not measured yet; 'flexgen-chat doctor --measure' does it in ten to twenty seconds");
    }

    private void figures(MachineProfile profile, List<NamedGpu> gpus) {
        checkup.machine(ProfileJson.toJson(profile));
        String when = "measured " + profile.measuredAt();
        if (profile.busy()) {
            checkup.note(
                    "speed",
                    String.format(
                            Locale.ROOT,
                            "%s while other programs had %.0f %% of the processors; run 'flexgen-chat doctor"
                                    + " --measure' when they are done",
                            when,
                            100 * profile.otherLoad()));
        } else {
            checkup.ok("speed", when);
        }
        MachineProfile.Host host = profile.host();
        checkup.ok(
                "host memory",
                "read at " + rate(host.read()) + " by " + host.readers() + " of " + host.threads() + " threads");
        checkup.ok("processor", "one token is multiplied at " + product(host.products()));
        for (int i = 0; i < gpus.size(); i++) {
            figures(label(gpus.get(i)), profile.gpus().get(i));
        }
        for (MachineProfile.Disk disk : profile.disks()) {
            checkup.ok("disk", disk.store() + " read at " + rate(disk.read()));
        }
        if (!profile.estimates().isEmpty()) {
            checkup.note(
                    "estimates",
                    "not measured but derived: " + String.join(", ", profile.estimates())
                            + "; 'flexgen-chat doctor --measure' tries again");
        }
    }

    private void figures(String name, MachineProfile.Gpu gpu) {
        checkup.ok(name, "its memory is read at " + rate(gpu.read()));
        checkup.ok(name, "one token is multiplied at " + product(gpu.products()));
        checkup.ok(
                "bus",
                "to " + name + " " + rate(gpu.bus().upload()) + ", back "
                        + rate(gpu.bus().download()) + "; while the processor reads "
                        + rate(gpu.bus().uploadBoth()) + " beside its "
                        + rate(gpu.bus().hostReadBoth()));
    }

    private static String product(ProductRates rates) {
        return rate(rates.readBytesPerSecond("f16")) + " of weights in f16, " + rate(rates.readBytesPerSecond("q8"))
                + " in q8, " + rate(rates.readBytesPerSecond("q4")) + " in q4";
    }

    private static String rate(double bytesPerSecond) {
        return String.format(Locale.ROOT, bytesPerSecond < 9.95e9 ? "%.1f GB/s" : "%.0f GB/s", bytesPerSecond / 1e9);
    }
}
