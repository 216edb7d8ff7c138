package dev.flexgen.engine;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.measure.Hardware;
import dev.flexgen.engine.measure.MachineBenchmark;
import dev.flexgen.engine.measure.ProfileCache;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The profile of one open machine: taken from the cache, measured where there is none, and kept. Used in the machine's turn. */
final class MachineProfiles {

    private final EngineOptions options;
    private final Measuring measuring;
    private final MachineDevices devices;
    private final Supplier<Budget> budget;
    private volatile @Nullable MachineProfile known;
    private volatile boolean looked;

    MachineProfiles(EngineOptions options, Measuring measuring, MachineDevices devices, Supplier<Budget> budget) {
        this.options = options;
        this.measuring = measuring;
        this.devices = devices;
        this.budget = budget;
    }

    /** What is known already; of disks only the one that would be used. */
    Optional<MachineProfile> known() {
        if (!looked) {
            looked = true;
            known = measuring
                    .cache()
                    .saved(
                            devices.pool().threads(),
                            numbers(),
                            Hardware.line(devices.pool().threads(), names()))
                    .orElse(null);
        }
        return Optional.ofNullable(known).map(it -> forDisk(it, options, measuring));
    }

    /** The same, measured now where need be. */
    MachineProfile profile() {
        MachineProfile profile = known().orElseGet(this::measure);
        Path folder = diskFolder(options, measuring);
        return profile.disks().isEmpty() && folder != null ? withDisk(profile, folder) : profile;
    }

    /** Measures anew. */
    MachineProfile measure() {
        Budget free = budget.get();
        Device processor = devices.processor();
        MachineProfile measured = new MachineBenchmark(
                        processor,
                        devices.pool(),
                        devices.gpus().stream()
                                .map(gpu -> new MachineBenchmark.Graphics(
                                        gpu.device(),
                                        gpu.found().name(),
                                        gpu.found().freeBytes(),
                                        gpu.overheadBytes(),
                                        gpu.roomBytes()))
                                .toList(),
                        free.hostBytes(),
                        diskFolder(options, measuring),
                        measuring.progress(),
                        measuring.nanosPerFigure())
                .measure();
        measuring.progress().accept("");
        keep(measured);
        return measured;
    }

    private MachineProfile withDisk(MachineProfile profile, Path folder) {
        measuring.progress().accept("the disk");
        Optional<MachineProfile.Disk> disk = MachineBenchmark.disk(folder);
        measuring.progress().accept("");
        if (disk.isEmpty()) {
            return profile;
        }
        MachineProfile whole = (known == null ? profile : known).withDisk(disk.get());
        keep(whole);
        return forDisk(whole, options, measuring);
    }

    private void keep(MachineProfile measured) {
        known = measured;
        ProfileCache cache = measuring.cache();
        cache.save(measured, numbers());
    }

    private List<Integer> numbers() {
        return devices.gpus().stream().map(gpu -> gpu.found().number()).toList();
    }

    private List<String> names() {
        return devices.gpus().stream().map(gpu -> gpu.found().name()).toList();
    }

    /** A profile that knows of no disk but the one that would be used. */
    static MachineProfile forDisk(MachineProfile profile, EngineOptions options, Measuring measuring) {
        Path folder = diskFolder(options, measuring);
        return folder == null ? profile : profile.onDisk(MachineBenchmark.store(folder));
    }

    private static @Nullable Path diskFolder(EngineOptions options, Measuring measuring) {
        Path asked = options.limits().diskFolder();
        return asked != null ? asked : measuring.diskFolder();
    }
}
