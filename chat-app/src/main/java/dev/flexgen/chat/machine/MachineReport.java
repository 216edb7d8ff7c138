package dev.flexgen.chat.machine;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a machine has.
 *
 * @param memoryBytes all of its memory, where the system says so
 * @param freeMemoryBytes what a model could take without swapping, where the system says so
 * @param gpus those that were found; none on most machines
 * @param hostReadBytesPerSecond how fast all cores together read memory, measured
 */
public record MachineReport(
        int cores,
        OptionalLong memoryBytes,
        OptionalLong freeMemoryBytes,
        List<Gpu> gpus,
        double hostReadBytesPerSecond) {

    public MachineReport {
        gpus = List.copyOf(gpus);
    }
}
