package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.measure.Hardware;
import dev.flexgen.engine.memory.HostHeadroom;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import java.util.Optional;

/** The state of machines whose profile is known, without opening a device: what a driver takes for itself is in the profile. */
final class SavedState {

    private SavedState() {}

    /** This computer's; empty if its profile is not known, or there is no GPU and so nothing to be saved. */
    static Optional<MachineState> of(EngineOptions options, GpuSource gpus, Measuring measuring) {
        if (options.device() == DeviceChoice.CPU
                || !(gpus.find() instanceof GpuSource.Present(var name, var freeBytes, var _))) {
            return Optional.empty();
        }
        return measuring
                .cache()
                .saved(options.workers(true), Hardware.line(options.workers(true), Optional.of(name)))
                .filter(profile -> profile.gpu().isPresent())
                .map(profile -> {
                    MachineProfile.Gpu gpu = profile.gpu().orElseThrow();
                    long free = HostHeadroom.usableBytes(true).orElse(Long.MAX_VALUE);
                    return new MachineState(
                            new MachineState.Found.WithGpu(name),
                            budget(gpu, freeBytes, free, options.limits()),
                            Optional.of(MachineProfiles.forDisk(profile, options, measuring)));
                });
    }

    /** The state of a machine that is not here, with all of its memory free but for what a program needs beside models. */
    static MachineState elsewhere(MachineProfile profile, EngineOptions options) {
        boolean gpu = profile.gpu().isPresent() && options.device() != DeviceChoice.CPU;
        long free = HostHeadroom.usableOf(profile.host().memoryBytes(), gpu);
        MachineState.Found found = gpu
                ? new MachineState.Found.WithGpu(profile.gpu().orElseThrow().name())
                : new MachineState.Found.ProcessorAlone("it has none that may be used");
        Budget budget = gpu
                ? budget(
                        profile.gpu().orElseThrow(), profile.gpu().orElseThrow().memoryBytes(), free, options.limits())
                : new Budget(
                        0, 1, host(free, options.limits()), disk(options.limits()), capped(free, options.limits()));
        return new MachineState(found, budget, Optional.of(profile));
    }

    private static Budget budget(MachineProfile.Gpu gpu, long gpuFree, long hostFree, MemoryLimits limits) {
        long most = MachineDevices.most(limits.gpuBytes(), gpuFree);
        return new Budget(
                most - gpu.overheadBytes(),
                gpu.unitBytes(),
                host(hostFree, limits),
                disk(limits),
                capped(hostFree, limits));
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
