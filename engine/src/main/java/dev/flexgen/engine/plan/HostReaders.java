package dev.flexgen.engine.plan;

import java.util.List;

/**
 * Who reads host memory in a step, and how fast each of them does. One bus, and the processor beside it, are as fast as they were
 * measured. Several buses are each as fast as that, and the processor has what they leave of the memory; where the memory has less
 * than all want, each has at most its even part. Buses that share a way of their own to the memory are slower than this says.
 *
 * @param processor whether it reads
 * @param buses of the GPUs that read, each once
 */
record HostReaders(MachineProfile.Host host, boolean processor, List<MachineProfile.Gpu> buses) {

    /** Whether the processor reads beside some bus: both feel that. */
    boolean together() {
        return processor && !buses.isEmpty();
    }

    /** Rate of one of the buses. */
    double upload(MachineProfile.Gpu gpu) {
        return wanted(gpu) * granted();
    }

    /** Rate of all buses together. */
    double uploads() {
        return buses.stream().mapToDouble(this::upload).sum();
    }

    /** Rate at which the processor reads. */
    double processorRead() {
        if (!together()) {
            return host.read();
        }
        return buses.size() == 1 ? buses.getFirst().bus().hostReadBoth() : memory() - uploads();
    }

    /** Of what the processor can read beside the first bus alone. */
    double processorShare() {
        return processorRead() / buses.getFirst().bus().hostReadBoth();
    }

    private double wanted(MachineProfile.Gpu gpu) {
        return processor ? gpu.bus().uploadBoth() : gpu.bus().upload();
    }

    /** Of what buses want. */
    private double granted() {
        if (buses.size() < 2) {
            return 1;
        }
        double most = processor ? memory() * buses.size() / (buses.size() + 1) : memory();
        return Math.min(1, most / buses.stream().mapToDouble(this::wanted).sum());
    }

    /** The most that was ever read of it at a time. */
    private double memory() {
        return buses.stream()
                .mapToDouble(gpu -> gpu.bus().uploadBoth() + gpu.bus().hostReadBoth())
                .reduce(host.read(), Math::max);
    }
}
