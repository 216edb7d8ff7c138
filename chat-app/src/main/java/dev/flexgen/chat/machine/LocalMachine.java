package dev.flexgen.chat.machine;

import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.Outlook;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.memory.AvailableMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The machine that the program runs on. */
public final class LocalMachine implements MachineProbe {

    private static final Path MEMORY = Path.of("/proc/meminfo");

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
                totalMemory(MEMORY),
                AvailableMemory.bytes(),
                named.find(),
                Outlook.measure(options, gpus));
    }

    /** The first line that says {@code MemTotal}, in bytes; none where the system has no such file. */
    static OptionalLong totalMemory(Path file) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith("MemTotal:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // not Linux: nothing that a choice of model depends on
        }
    }
}
