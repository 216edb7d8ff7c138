package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.measure.Hardware;
import dev.flexgen.engine.memory.HostHeadroom;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The state of machines whose profile is known, without opening a device: what a driver takes for itself is in the profile. */
final class SavedState {

    private SavedState() {}

    /** This computer's; empty if its profile is not known, or there is no GPU and so nothing to be saved. */
    static Optional<MachineState> of(EngineOptions options, GpuSource source, Measuring measuring) {
        if (options.device() == DeviceChoice.CPU || !(source.find() instanceof GpuSource.Present(var all))) {
            return Optional.empty();
        }
        List<GpuSource.Gpu> gpus = MachineDevices.chosen(all, options.gpus());
        int threads = options.workers(true);
        return measuring
                .cache()
                .saved(
                        threads,
                        gpus.stream().map(GpuSource.Gpu::number).toList(),
                        Hardware.line(
                                threads, gpus.stream().map(GpuSource.Gpu::name).toList()))
                .filter(profile -> profile.gpus().size() == gpus.size())
                .map(profile -> new MachineState(
                        MachineDevices.found(all, gpus),
                        budget(
                                profile.gpus(),
                                gpus.stream().map(GpuSource.Gpu::freeBytes).toList(),
                                HostHeadroom.usableBytes(true).orElse(Long.MAX_VALUE),
                                options.limits()),
                        Optional.of(MachineProfiles.forDisk(profile, options, measuring))));
    }

    /** The state of a machine that is not here, with all of its memory free but for what a program needs beside models. */
    static MachineState elsewhere(MachineProfile profile, EngineOptions options) {
        List<GpuSource.Gpu> all = IntStream.range(0, profile.gpus().size())
                .mapToObj(i -> absent(i, profile.gpus().get(i)))
                .toList();
        if (all.isEmpty() || options.device() == DeviceChoice.CPU) {
            long free = HostHeadroom.usableOf(profile.host().memoryBytes(), false);
            return new MachineState(
                    new MachineState.Found.ProcessorAlone("it has none that may be used"),
                    budget(List.of(), List.of(), free, options.limits()),
                    Optional.of(profile));
        }
        List<GpuSource.Gpu> gpus = MachineDevices.chosen(all, options.gpus());
        MachineProfile chosen = profile.withGpus(
                gpus.stream().map(gpu -> profile.gpus().get(gpu.number())).toList());
        return new MachineState(
                MachineDevices.found(all, gpus),
                budget(
                        chosen.gpus(),
                        gpus.stream().map(GpuSource.Gpu::freeBytes).toList(),
                        HostHeadroom.usableOf(profile.host().memoryBytes(), true),
                        options.limits()),
                Optional.of(chosen));
    }

    private static GpuSource.Gpu absent(int number, MachineProfile.Gpu gpu) {
        return new GpuSource.Gpu(number, gpu.name(), gpu.memoryBytes(), _ -> {
            throw new IllegalStateException("a GPU of another machine: " + gpu.name());
        });
    }

    private static Budget budget(List<MachineProfile.Gpu> gpus, List<Long> free, long hostFree, MemoryLimits limits) {
        List<Budget.Gpu> rooms = IntStream.range(0, gpus.size())
                .mapToObj(i -> new Budget.Gpu(
                        MachineDevices.most(limits.gpuBytes(), free.get(i))
                                - gpus.get(i).overheadBytes(),
                        gpus.get(i).unitBytes()))
                .toList();
        return new Budget(rooms, host(hostFree, limits), disk(limits), capped(hostFree, limits));
    }

    private static long host(long free, MemoryLimits limits) {
        return capped(free, limits) ? limits.hostBytes() : free;
    }

    private static boolean capped(long free, MemoryLimits limits) {
        return limits.hostBytes() > 0 && limits.hostBytes() < free;
    }

    private static boolean disk(MemoryLimits limits) {
        return limits.diskFolder() != null;
    }
}
