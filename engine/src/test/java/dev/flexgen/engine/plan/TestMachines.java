package dev.flexgen.engine.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/** Profiles of made-up machines, by the few figures that a test is about. */
public final class TestMachines {

    private static final long TERABYTE = 1L << 40;

    private TestMachines() {}

    /**
     * A machine without a GPU, whose processor multiplies as fast as it reads, and without costs of starting anything.
     *
     * @param hostRead bytes a second
     */
    public static MachineProfile processor(double hostRead) {
        return new MachineProfile(
                "test",
                MachineProfile.Source.MEASURED,
                "test hardware",
                "2026-11-28T12:00:00Z",
                0,
                host(hostRead, hostRead, 0),
                List.of(),
                List.of(),
                Set.of());
    }

    private static MachineProfile.Host host(double read, double product, double start) {
        return new MachineProfile.Host(
                TERABYTE,
                Long.MAX_VALUE,
                2,
                new TreeMap<>(Map.of(2, read)),
                start,
                start,
                product,
                ProductRates.derived(product, 1e11));
    }

    /** A machine with a GPU that multiplies as fast as it reads; starting something costs nothing, handing over 25 us. */
    public static MachineProfile gpu(
            double gpuRead, double upload, double hostRead, double uploadBoth, double hostReadBoth) {
        MachineProfile.Bus bus =
                new MachineProfile.Bus(upload, upload, uploadBoth, hostReadBoth, new TreeMap<>(), 25e-6);
        MachineProfile.Gpu gpu = new MachineProfile.Gpu(
                "test GPU",
                TERABYTE,
                0,
                2 << 20,
                gpuRead,
                0,
                gpuRead,
                ProductRates.derived(gpuRead, Math.max(5e13, gpuRead)),
                bus);
        MachineProfile alone = processor(hostRead);
        return new MachineProfile(
                alone.name(),
                alone.source(),
                alone.hardware(),
                alone.measuredAt(),
                0,
                host(hostRead, 0.8 * hostRead, 0),
                List.of(gpu),
                List.of(),
                Set.of());
    }

    /** The same with a processor whose threads take so long to wake. */
    public static MachineProfile waking(MachineProfile machine, double seconds) {
        return starting(machine, machine.host().startSeconds(), seconds);
    }

    /** The same with a processor that takes so long to begin an operation. */
    public static MachineProfile starting(MachineProfile machine, double seconds) {
        return starting(machine, seconds, seconds);
    }

    private static MachineProfile starting(MachineProfile machine, double start, double wake) {
        MachineProfile.Host host = machine.host();
        return with(
                machine,
                new MachineProfile.Host(
                        host.memoryBytes(),
                        host.lockableBytes(),
                        host.threads(),
                        host.readByThreads(),
                        start,
                        wake,
                        host.attend(),
                        host.products()),
                machine.gpus());
    }

    /** The same with a processor that multiplies no faster beside a busy bus: weights in F16 a second. */
    public static MachineProfile beside(MachineProfile machine, double weights) {
        return with(
                machine,
                machine.host(),
                machine.gpus().stream()
                        .map(gpu -> gpu.withProductsBoth(new TreeMap<>(Map.of("f16", weights))))
                        .toList());
    }

    private static MachineProfile with(
            MachineProfile machine, MachineProfile.Host host, List<MachineProfile.Gpu> gpus) {
        return new MachineProfile(
                machine.name(),
                machine.source(),
                machine.hardware(),
                machine.measuredAt(),
                machine.otherLoad(),
                host,
                gpus,
                machine.disks(),
                machine.estimates());
    }

    /** The same with a disk. */
    public static MachineProfile withDisk(MachineProfile machine, double read) {
        return machine.withDisk(new MachineProfile.Disk("test disk", new TreeMap<>(Map.of(4, read))));
    }

    /** A machine with such a profile, or one that nobody measured. */
    public static MachineState state(MachineState.Found found, Budget budget, Optional<MachineProfile> profile) {
        return new MachineState(found, budget, profile);
    }

    /** A machine without a GPU. */
    public static MachineState processorAlone(OptionalDouble hostRead, Budget budget) {
        return new MachineState(
                new MachineState.Found.ProcessorAlone(""),
                budget,
                hostRead.isPresent() ? Optional.of(processor(hostRead.getAsDouble())) : Optional.empty());
    }
}
