package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens what of a computer's devices may compute: its GPU, if there is one and it may be used, and the processor. */
final class MachineDevices implements AutoCloseable {

    /** Without a limit, this much of the free memory stays free, for the desktop and whoever comes next. */
    private static final long LEAST_SPARE_BYTES = 256L << 20;

    private static final int SPARE_SHARE = 32;

    private final Resources opened = new Resources();
    private final List<Device> devices = new ArrayList<>();
    private final WorkerPool pool;
    private final String gpuName;
    private final Optional<Absent> absent;
    private final CpuDevice processor;
    private long gpuFreeBytes;
    private long gpuOverheadBytes;

    /**
     * Opens them, and caps the ledger as {@code options} say.
     *
     * @throws EngineException of kind DEVICE if a GPU is demanded and there is none, or one fails; of kind PLACEMENT if it has
     *     too little memory to be opened
     */
    MachineDevices(EngineOptions options, GpuSource gpus, Ledger ledger) {
        options.limits().capHost(ledger);
        try {
            GpuSource.Finding finding = options.device() == DeviceChoice.CPU
                    ? new Absent("the settings say --device cpu", Absence.NO_GPU)
                    : gpus.find();
            this.pool = opened.keep(new WorkerPool(options.workers(finding instanceof Present)));
            switch (finding) {
                case Present gpu -> {
                    devices.add(opened.keep(open(gpu, options, ledger)));
                    this.gpuName = gpu.name();
                    this.gpuFreeBytes = gpu.freeBytes();
                    this.gpuOverheadBytes = ledger.bytes(Tier.GPU);
                    this.absent = Optional.empty();
                }
                case Absent none -> {
                    requireNot(none, options.device());
                    this.gpuName = "";
                    this.absent = Optional.of(none);
                }
            }
            this.processor = opened.keep(new CpuDevice(ledger, pool));
            devices.add(processor);
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
    }

    /** Caps the GPU at what is free, even if the limit allows more; the plan puts the rest on other tiers. */
    private static Device open(Present gpu, EngineOptions options, Ledger ledger) {
        ledger.cap(Tier.GPU, most(options.limits().gpuBytes(), gpu.freeBytes()));
        return gpu.opener().apply(ledger);
    }

    /** What the program may take of a GPU's memory, everything included, if {@code asked} or without a word (0) nearly all. */
    static long most(long asked, long freeBytes) {
        long spare = Math.max(LEAST_SPARE_BYTES, freeBytes / SPARE_SHARE);
        return Math.max(1, asked > 0 ? Math.min(asked, freeBytes) : freeBytes - spare);
    }

    private static void requireNot(Absent none, DeviceChoice choice) {
        if (choice == DeviceChoice.CUDA) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "No GPU can be used: " + none.reason() + "; use --device cpu to do without",
                    null);
        }
    }

    /** In the order that plans mean. */
    List<Device> all() {
        return List.copyOf(devices);
    }

    WorkerPool pool() {
        return pool;
    }

    Optional<Device> gpu() {
        return devices.stream().filter(device -> device.tier() == Tier.GPU).findFirst();
    }

    Device processor() {
        return processor;
    }

    /** By the driver's word, before anything was opened; 0 without a GPU. */
    long gpuFreeBytes() {
        return gpuFreeBytes;
    }

    /** What context and libraries took; 0 without a GPU. */
    long gpuOverheadBytes() {
        return gpuOverheadBytes;
    }

    String gpuName() {
        return gpuName;
    }

    /** Half a sentence that completes "no GPU is used: ..."; empty if one is. */
    String reasonForNoGpu() {
        return absent.map(Absent::reason).orElse("");
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
