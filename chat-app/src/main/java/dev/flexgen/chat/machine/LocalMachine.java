package dev.flexgen.chat.machine;

import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.AvailableMemory;
import java.nio.file.Path;

/** The machine that the program runs on. */
public final class LocalMachine implements MachineProbe {

    private final NvidiaGpus named;
    private final GpuSource gpus;
    private final EngineOptions options;

    /**
     * The machine as models would be opened on it.
     *
     * @param path the value of the variable {@code PATH}, where the driver's own tool is looked for
     */
    public LocalMachine(String path, GpuSource gpus, EngineOptions options) {
        this.named = new NvidiaGpus(Path.of("/proc/driver/nvidia/gpus"), path);
        this.gpus = gpus;
        this.options = options;
    }

    @Override
    public MachineReport look() {
        return new MachineReport(
                Runtime.getRuntime().availableProcessors(),
                AvailableMemory.totalBytes(),
                AvailableMemory.bytes(),
                named.find(),
                new ModelFitter(Machine.profile(options, gpus, true), options.model()));
    }
}
