package dev.flexgen.engine.measure;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.cpu.WorkerPool;
import dev.flexgen.engine.memory.AvailableMemory;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.HostMemory;
import dev.flexgen.engine.memory.HostPages;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.ProductRates;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures a {@link MachineProfile}: ten to twenty seconds. The devices are open and hold no model that computes meanwhile. Owned by the
 * calling thread.
 *
 * @param processor the device that computes on host memory
 * @param pool its threads
 * @param gpus the other devices and what they have
 * @param hostBytes that may be used for it
 * @param diskFolder whose disk is measured, or null
 * @param progress receives what is measured now, in a few words
 * @param nanosPerFigure time for each of the products that are measured
 */
public record MachineBenchmark(
        Device processor,
        WorkerPool pool,
        List<Graphics> gpus,
        long hostBytes,
        @Nullable Path diskFolder,
        Consumer<String> progress,
        long nanosPerFigure) {

    /** What makes a profile of ten to twenty seconds. */
    public static final long NANOS_PER_FIGURE = 250_000_000L;

    private static final long MOST_HOST_BYTES = 1L << 30;
    private static final long LEAST_HOST_BYTES = 32L << 20;
    private static final long LEAST_GPU_WEIGHTS = 4L << 20;

    /** Multiply-adds that a GPU manages for each byte of its memory that it reads: what cards of ten years have at least. */
    private static final double GPU_ARITHMETIC = 15;

    /** Of what it reads, a GPU's products with weights in groups reach this share (docs/BENCHMARKS.md). */
    private static final double GPU_PRODUCT = 0.6;

    private static final double GPU_START = 4e-6;

    private static final int STARTS = 2000;

    private static final int WAKES = 1000;

    /** After so long a pause the threads of a pool have gone to sleep. */
    private static final long ASLEEP_NANOS = 200_000;

    /**
     * A GPU.
     *
     * @param memoryBytes all of its memory
     * @param overheadBytes of it that context and libraries take
     * @param freeBytes that may be used for measuring
     */
    public record Graphics(Device device, String name, long memoryBytes, long overheadBytes, long freeBytes) {}

    /**
     * Measures.
     *
     * @throws EngineException of kind DEVICE if a device fails
     */
    public MachineProfile measure() {
        OtherLoad load = new OtherLoad();
        Set<String> estimates = new TreeSet<>();
        long bytes = Math.clamp(
                hostBytes / 4 / HostMemoryBenchmark.PIECE * HostMemoryBenchmark.PIECE, LEAST_HOST_BYTES, mostBytes());
        progress.accept("host memory");
        MachineProfile.Host host;
        List<MachineProfile.Gpu> graphics = new ArrayList<>();
        try (Buffer memory = new HostMemory(new Ledger()).allocate("measuring", bytes)) {
            HostPages.touch(memory.segment());
            SortedMap<Integer, Double> read = HostMemoryBenchmark.byThreads(pool, memory.segment());
            for (Graphics gpu : gpus) {
                progress.accept("the GPU and its bus");
                graphics.add(graphics(gpu, memory.segment(), estimates));
            }
            host = host(read);
        }
        for (int i = 0; i < gpus.size(); i++) {
            graphics.set(i, beside(gpus.get(i), graphics.get(i)));
        }
        List<MachineProfile.Disk> disks = new ArrayList<>();
        if (diskFolder != null) {
            progress.accept("the disk");
            disk(diskFolder).ifPresent(disks::add);
        }
        double others = load.share();
        List<String> names = gpus.stream().map(Graphics::name).toList();
        String hardware = Hardware.line(pool.threads(), names);
        return new MachineProfile(
                names.isEmpty() ? Hardware.processor() : MachineState.Found.counted(names),
                MachineProfile.Source.MEASURED,
                hardware,
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                others,
                host,
                graphics,
                disks,
                estimates);
    }

    /** Far more than caches hold; where there is little time, about as much. */
    private long mostBytes() {
        return roughly() ? MOST_HOST_BYTES / 16 : MOST_HOST_BYTES;
    }

    /** Then the GPU's products follow from its memory's rate. */
    private boolean roughly() {
        return nanosPerFigure < NANOS_PER_FIGURE / 10;
    }

    private MachineProfile.Host host(SortedMap<Integer, Double> read) {
        progress.accept("the processor");
        try (ProductBenchmark products = new ProductBenchmark(processor, weightBytes(), nanosPerFigure)) {
            ProductRates rates = products.rates();
            return new MachineProfile.Host(
                    AvailableMemory.totalBytes().orElse(hostBytes),
                    AvailableMemory.lockableBytes().orElse(Long.MAX_VALUE),
                    pool.threads(),
                    read,
                    startSeconds(),
                    wakeSeconds(),
                    products.attend(),
                    rates);
        }
    }

    /** With what the processor computes while the bus is busy, if there is memory to measure it in. */
    private MachineProfile.Gpu beside(Graphics card, MachineProfile.Gpu measured) {
        long weights = weightBytes();
        if (roughly() || hostBytes / 4 < BusLoad.hostBytes() || card.freeBytes() / 4 < BusLoad.deviceBytes()) {
            return measured;
        }
        progress.accept("the processor beside a busy bus");
        try (BusLoad load = new BusLoad(card.device(), measured.bus().upload());
                ProductBenchmark products = new ProductBenchmark(processor, weights, nanosPerFigure)) {
            return measured.withProductsBoth(products.beside(load));
        } catch (EngineException e) {
            if (e.kind() == EngineException.Kind.PLACEMENT) {
                return measured; // prices do without
            }
            throw e;
        }
    }

    private long weightBytes() {
        return Math.clamp(hostBytes / 8, LEAST_HOST_BYTES / 2, mostBytes() / 2);
    }

    /** Of a loop without work, its parts handed to threads that are awake: the middle of many times. */
    private double startSeconds() {
        double[] seconds = new double[STARTS];
        for (int i = 0; i < STARTS; i++) {
            long start = System.nanoTime();
            pool.run(2 * pool.threads(), (part, worker) -> {});
            seconds[i] = (System.nanoTime() - start) / 1e9;
        }
        return middle(seconds);
    }

    /**
     * Until a thread is at work, on average over all of them, after a pause in which they have gone to sleep: the middle of many times.
     * As much is lost of a loop that all of them share.
     */
    private double wakeSeconds() {
        int threads = pool.threads();
        double[] seconds = new double[roughly() ? WAKES / 20 : WAKES];
        for (int i = 0; i < seconds.length; i++) {
            for (long end = System.nanoTime() + ASLEEP_NANOS; System.nanoTime() < end; ) {
                Thread.onSpinWait();
            }
            AtomicInteger here = new AtomicInteger();
            LongAdder waited = new LongAdder();
            long start = System.nanoTime();
            pool.run(threads, (part, worker) -> {
                waited.add(System.nanoTime() - start);
                here.incrementAndGet();
                while (here.get() < threads) { // or the first would take the parts of all
                    Thread.onSpinWait();
                }
            });
            seconds[i] = waited.sum() / 1e9 / threads;
        }
        return middle(seconds);
    }

    private static double middle(double[] seconds) {
        Arrays.sort(seconds);
        return seconds[seconds.length / 2];
    }

    private MachineProfile.Gpu graphics(Graphics card, MemorySegment hostMemory, Set<String> estimates) {
        BusBenchmark.Result bus = BusBenchmark.measure(card.device(), pool, hostMemory, card.freeBytes(), hostBytes);
        long room = card.freeBytes() - ProductBenchmark.workBytes();
        if (room < LEAST_GPU_WEIGHTS || roughly()) {
            estimates.add("gpu.multiply_adds_per_second");
            estimates.add("gpu.attend_bytes_per_second");
            estimates.add("gpu.start_seconds");
            return gpu(
                    card,
                    bus,
                    GPU_START,
                    bus.gpuRead() * GPU_PRODUCT,
                    ProductRates.derived(bus.gpuRead() * GPU_PRODUCT, bus.gpuRead() * GPU_ARITHMETIC));
        }
        long weights = Math.min(room / 2, mostBytes());
        try (ProductBenchmark products = new ProductBenchmark(card.device(), weights, nanosPerFigure / 4)) {
            ProductRates rates = products.rates();
            return gpu(card, bus, products.startSeconds(), products.attend(), rates);
        }
    }

    private static MachineProfile.Gpu gpu(
            Graphics card, BusBenchmark.Result bus, double start, double attend, ProductRates rates) {
        return new MachineProfile.Gpu(
                card.name(),
                card.memoryBytes(),
                card.overheadBytes(),
                card.device().allocationPolicy().unit(),
                bus.gpuRead(),
                start,
                attend,
                rates,
                bus.bus());
    }

    /** The file system that holds a folder, or would. */
    public static String store(Path folder) {
        return DiskBenchmark.store(folder);
    }

    /** None that cannot be written: opening a model that needs it says why. */
    public static Optional<MachineProfile.Disk> disk(Path folder) {
        try {
            return Optional.of(DiskBenchmark.measure(folder));
        } catch (EngineException e) {
            return Optional.empty();
        }
    }
}
