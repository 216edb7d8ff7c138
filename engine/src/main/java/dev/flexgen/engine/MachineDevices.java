package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
import dev.flexgen.config.GpuChoice;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.GpuSource.Absence;
import dev.flexgen.engine.device.GpuSource.Absent;
import dev.flexgen.engine.device.GpuSource.Present;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.MachineState.NamedGpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens what of a computer's devices may compute: those of its GPUs that were chosen, in that order, and the processor. */
final class MachineDevices implements AutoCloseable {

    /** Without a limit, this much of the free memory stays free, for the desktop and whoever comes next. */
    private static final long LEAST_SPARE_BYTES = 256L << 20;

    private static final int SPARE_SHARE = 32;

    private final Resources opened = new Resources();
    private final WorkerPool pool;
    private final List<OpenGpu> gpus = new ArrayList<>();
    private final Found found;
    private final Optional<Absent> absent;
    private final CpuDevice processor;

    /**
     * A GPU that computes.
     *
     * @param found as it was before it was opened
     * @param ledger its own view
     * @param overheadBytes that context and libraries took
     */
    record OpenGpu(GpuSource.Gpu found, Device device, Ledger ledger, long overheadBytes) {

        /** What the engine may still take. */
        long roomBytes() {
            return ledger.cap(Tier.GPU) - ledger.bytes(Tier.GPU);
        }
    }

    /**
     * Opens them, and caps the ledger as {@code options} say.
     *
     * @throws EngineException of kind DEVICE if a GPU is demanded and there is none, or one fails; of kind PLACEMENT if it has
     *     too little memory to be opened
     */
    MachineDevices(EngineOptions options, GpuSource source, Ledger ledger) {
        options.limits().capHost(ledger);
        try {
            GpuSource.Finding finding = options.device() == DeviceChoice.CPU
                    ? new Absent("the settings say --device cpu", Absence.NO_GPU)
                    : source.find();
            this.pool = opened.keep(new WorkerPool(options.workers(finding instanceof Present)));
            switch (finding) {
                case Present(var all) -> {
                    List<GpuSource.Gpu> chosen = chosen(all, options.gpus());
                    for (GpuSource.Gpu gpu : chosen) {
                        gpus.add(open(gpu, options, ledger.forDevice(Tier.GPU)));
                    }
                    ledger.cap(
                            Tier.GPU,
                            gpus.stream()
                                    .mapToLong(gpu -> gpu.ledger().cap(Tier.GPU))
                                    .sum());
                    this.found = found(all, chosen);
                    this.absent = Optional.empty();
                }
                case Absent none -> {
                    requireNot(none, options);
                    this.found = new Found.ProcessorAlone(none.reason());
                    this.absent = Optional.of(none);
                }
            }
            this.processor = opened.keep(new CpuDevice(ledger, pool));
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
    }

    /** Caps the GPU at what is free, even if the limit allows more; the plan puts the rest on other tiers. */
    private OpenGpu open(GpuSource.Gpu gpu, EngineOptions options, Ledger ledger) {
        ledger.cap(Tier.GPU, most(options.limits().gpuBytes(), gpu.freeBytes()));
        Device device = opened.keep(gpu.opener().apply(ledger));
        return new OpenGpu(gpu, device, ledger, ledger.bytes(Tier.GPU));
    }

    /** What the program may take of a GPU's memory, everything included, if {@code asked} or without a word (0) nearly all. */
    static long most(long asked, long freeBytes) {
        long spare = Math.max(LEAST_SPARE_BYTES, freeBytes / SPARE_SHARE);
        return Math.max(1, asked > 0 ? Math.min(asked, freeBytes) : freeBytes - spare);
    }

    /**
     * Those of all GPUs that compute.
     *
     * @throws EngineException of kind DEVICE if one was named that is not there
     */
    static List<GpuSource.Gpu> chosen(List<GpuSource.Gpu> all, GpuChoice choice) {
        if (choice.all()) {
            return all;
        }
        return choice.numbers().isEmpty()
                ? all.subList(0, 1)
                : choice.numbers().stream().map(number -> gpu(all, number)).toList();
    }

    private static GpuSource.Gpu gpu(List<GpuSource.Gpu> all, int number) {
        return all.stream()
                .filter(gpu -> gpu.number() == number)
                .findFirst()
                .orElseThrow(() -> new EngineException(
                        EngineException.Kind.DEVICE,
                        "--gpus names GPU " + number + ", and the GPUs that can be used are "
                                + Found.list(
                                        all.stream().map(MachineDevices::named).toList())
                                + "; name some of those",
                        null));
    }

    private static NamedGpu named(GpuSource.Gpu gpu) {
        return new NamedGpu(gpu.number(), gpu.name());
    }

    /** What is to be said of GPUs of which some compute. */
    static Found found(List<GpuSource.Gpu> all, List<GpuSource.Gpu> chosen) {
        return new Found.WithGpus(
                chosen.stream().map(MachineDevices::named).toList(),
                all.stream()
                        .filter(gpu -> !chosen.contains(gpu))
                        .map(MachineDevices::named)
                        .toList());
    }

    private static void requireNot(Absent none, EngineOptions options) {
        if (options.device() == DeviceChoice.CUDA
                || (options.device() == DeviceChoice.AUTO
                        && !options.gpus().numbers().isEmpty())) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "No GPU can be used: " + none.reason() + "; use --device cpu to do without",
                    null);
        }
    }

    /** In the order that plans mean: GPUs, then the processor. */
    List<Device> all() {
        List<Device> all = new ArrayList<>();
        gpus.forEach(gpu -> all.add(gpu.device()));
        all.add(processor);
        return all;
    }

    WorkerPool pool() {
        return pool;
    }

    /** In the order that plans mean; none if the processor computes alone. */
    List<OpenGpu> gpus() {
        return List.copyOf(gpus);
    }

    Device processor() {
        return processor;
    }

    /** Who computes, for people. */
    Found found() {
        return found;
    }

    /** What a user should be told of a GPU that is there and not used. */
    Optional<String> note() {
        return absent.filter(none -> none.absence() == Absence.UNUSABLE)
                .map(none -> "the processor computes alone: " + none.reason());
    }

    @Override
    public void close() {
        opened.close();
    }
}
