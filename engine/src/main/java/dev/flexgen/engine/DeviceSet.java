package dev.flexgen.engine;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.device.cpu.CpuDevice;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The devices of one engine, opened together: the GPU first, if there is one and it may be used, then the processor. */
final class DeviceSet implements AutoCloseable {

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
        options.limits().capHost(ledger);
        WorkerPool pool = new WorkerPool(options.workers());
        List<Device> devices = new ArrayList<>();
        try {
            HomeGpu gpu = HomeGpu.open(options, gpus, ledger);
            gpu.gpu().ifPresent(devices::add);
            devices.add(new CpuDevice(ledger, pool));
            return new DeviceSet(pool, devices, gpu.note());
        } catch (Throwable e) {
            devices.forEach(Device::close);
            pool.close();
            throw e;
        }
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

    Optional<Device> gpu() {
        return hasGpu() ? Optional.of(home()) : Optional.empty();
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
