package dev.flexgen.chat.machine;

import dev.flexgen.engine.ModelFitter;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a machine has.
 *
 * @param memoryBytes all of its memory, where the system says so
 * @param freeMemoryBytes what a model could take without swapping, where the system says so
 * @param gpus those that its driver's tool names; none on most machines
 * @param outlook what the engine found and measured. Where the two speak of GPUs differently, it is the one that counts
 */
public record MachineReport(
        int cores, OptionalLong memoryBytes, OptionalLong freeMemoryBytes, List<Gpu> gpus, ModelFitter outlook) {

    public MachineReport {
        gpus = List.copyOf(gpus);
    }
}
