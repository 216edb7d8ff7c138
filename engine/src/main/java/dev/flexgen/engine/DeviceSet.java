package dev.flexgen.engine;

import dev.flexgen.config.DeviceChoice;
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

/** The devices of one engine, opened together: the GPU first, if there is one and it may be used, then the processor. */
final class DeviceSet implements AutoCloseable {

    /** Without a limit, this much of the free memory stays free, for the desktop and whoever comes next. */
    private static final long LEAST_SPARE_BYTES = 256L << 20;

    private static final int SPARE_SHARE = 32;

    private final WorkerPool pool;
    private final List<Device> devices;
    private final Optional<String> absence;

    private DeviceSet(WorkerPool pool, List<Device> devices, Optional<String> absence) {
        this.pool = pool;
        this.devices = List.copyOf(devices);
        this.absence = absence;
    }

    /**
     * Opens what {@code options} allow.
     *
     * @throws EngineException of kind DEVICE if a GPU is demanded and there is none, or one fails
     */
    static DeviceSet open(EngineOptions options, GpuSource gpus, Ledger ledger) {
        limit(ledger, Tier.HOST, options.limits().hostBytes());
        int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
        WorkerPool pool = new WorkerPool(threads);
        List<Device> devices = new ArrayList<>();
        try {
            Optional<String> absence = Optional.empty();
            if (options.device() != DeviceChoice.CPU) {
                switch (gpus.find()) {
                    case Present gpu -> devices.add(openGpu(gpu, options, ledger));
                    case Absent none -> absence = absence(none, options.device());
                }
            }
            devices.add(new CpuDevice(ledger, pool));
            return new DeviceSet(pool, devices, absence);
        } catch (Throwable e) {
            devices.forEach(Device::close);
            pool.close();
            throw e;
        }
    }

    private static void limit(Ledger ledger, Tier tier, long bytes) {
        if (bytes > 0) {
            ledger.cap(tier, bytes);
        }
    }

    private static Device openGpu(Present gpu, EngineOptions options, Ledger ledger) {
        long asked = options.limits().gpuBytes();
        long spare = Math.max(LEAST_SPARE_BYTES, gpu.freeBytes() / SPARE_SHARE);
        limit(ledger, Tier.GPU, asked > 0 ? asked : Math.max(1, gpu.freeBytes() - spare));
        return gpu.opener().apply(ledger);
    }

    private static Optional<String> absence(Absent none, DeviceChoice choice) {
        if (choice == DeviceChoice.CUDA) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "No GPU can be used: " + none.reason() + "; use --device cpu to do without",
                    null);
        }
        return none.absence() == Absence.UNUSABLE
                ? Optional.of("the processor computes alone: " + none.reason())
                : Optional.empty();
    }

    /** In the order that plans mean. */
    List<Device> devices() {
        return devices;
    }

    Device home() {
        return devices.getFirst();
    }

    boolean hasGpu() {
        return home().tier() == Tier.GPU;
    }

    WorkerPool pool() {
        return pool;
    }

    /** Why a GPU that is there is not used. */
    Optional<String> absence() {
        return absence;
    }

    @Override
    public void close() {
        for (int i = devices.size() - 1; i >= 0; i--) {
            devices.get(i).close();
        }
        pool.close();
    }
}
