package dev.flexgen.chat.machine;

import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.plan.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The machine that the program runs on. */
public final class LocalMachine implements MachineProbe {

    private static final Path MEMORY = Path.of("/proc/meminfo");

    private final NvidiaGpus gpus;

    /** @param path the value of the variable {@code PATH}, where the driver's own tool is looked for */
    public LocalMachine(String path) {
        gpus = new NvidiaGpus(Path.of("/proc/driver/nvidia/gpus"), path);
    }

    @Override
    public MachineReport look() {
        Machine measured = Machine.measure(0);
        return new MachineReport(
                measured.threads(),
                totalMemory(MEMORY),
                AvailableMemory.bytes(),
                gpus.find(),
                measured.hostReadBytesPerSecond());
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
