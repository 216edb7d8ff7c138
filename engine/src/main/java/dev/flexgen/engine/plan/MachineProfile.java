package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How large and how fast a machine is: plain data, measured on this computer or written down for another. Sizes are bytes, rates
 * bytes a second unless their names say otherwise, times seconds.
 *
 * @param name for people
 * @param source where the figures come from
 * @param hardware what it was measured on; on anything else it is worth nothing
 * @param measuredAt when, in ISO form; empty if it never was
 * @param otherLoad share of the processors that other programs had meanwhile, 0 to 1
 * @param gpus in the order that plans mean
 * @param disks by the file system they hold
 * @param estimates names of figures that were derived and not measured, as the file calls them
 */
public record MachineProfile(
        String name,
        Source source,
        String hardware,
        String measuredAt,
        double otherLoad,
        Host host,
        List<Gpu> gpus,
        List<Disk> disks,
        Set<String> estimates) {

    /** Above this share other programs have the processors, figures say more of them than of the machine. */
    public static final double MUCH_OTHER_LOAD = 0.2;

    public MachineProfile {
        gpus = List.copyOf(gpus);
        disks = List.copyOf(disks);
        estimates = Collections.unmodifiableSet(new TreeSet<>(estimates));
    }

    /** Where figures come from. */
    public enum Source {
        /** This program measured them. */
        MEASURED,
        /** Somebody wrote them down, for a machine that is not here. */
        PUBLISHED
    }

    /**
     * Processor and host memory.
     *
     * @param memoryBytes all of it
     * @param lockableBytes that one process may lock into memory
     * @param threads that compute
     * @param readByThreads rates of reading memory that no cache holds
     * @param startSeconds of one operation, however small: handing its parts to the threads until all are done
     * @param wakeSeconds until a thread that has gone to sleep is at work, on average over all
     * @param attend rate at which one token attends over keys and values in 16 bits
     */
    public record Host(
            long memoryBytes,
            long lockableBytes,
            int threads,
            SortedMap<Integer, Double> readByThreads,
            double startSeconds,
            double wakeSeconds,
            double attend,
            ProductRates products) {

        public Host {
            readByThreads = Collections.unmodifiableSortedMap(new TreeMap<>(readByThreads));
        }

        /** The best rate of reading. */
        public double read() {
            return Collections.max(readByThreads.values());
        }

        /** The number of threads that read fastest. */
        public int readers() {
            return readByThreads.entrySet().stream()
                    .filter(it -> it.getValue() == read())
                    .mapToInt(it -> it.getKey())
                    .min()
                    .orElse(threads);
        }
    }

    /**
     * A GPU.
     *
     * @param memoryBytes all of its memory
     * @param overheadBytes of it that context, libraries and kernels take
     * @param unitBytes memory is taken in multiples of it
     * @param read rate of its own memory
     * @param startSeconds of one operation behind another
     * @param attend as for the host
     */
    public record Gpu(
            String name,
            long memoryBytes,
            long overheadBytes,
            long unitBytes,
            double read,
            double startSeconds,
            double attend,
            ProductRates products,
            Bus bus) {

        /** The same with rates of the processor's products beside uploads. */
        public Gpu withProductsBoth(SortedMap<String, Double> both) {
            return new Gpu(
                    name,
                    memoryBytes,
                    overheadBytes,
                    unitBytes,
                    read,
                    startSeconds,
                    attend,
                    products,
                    bus.withProducts(both));
        }
    }

    /**
     * Between host memory and a GPU.
     *
     * @param upload rate from page-locked host memory, nothing else going on
     * @param download the other way
     * @param uploadBoth rate of uploads while the processor reads host memory
     * @param hostReadBoth rate of the processor's reading meanwhile: both come out of the same memory
     * @param productsBoth multiply-adds a second of one token on the processor while uploads go on, by the name of the weights'
     *     encoding; those that were not measured are missing
     * @param handOverSeconds until one side has what the other computed
     */
    public record Bus(
            double upload,
            double download,
            double uploadBoth,
            double hostReadBoth,
            SortedMap<String, Double> productsBoth,
            double handOverSeconds) {

        public Bus {
            productsBoth = Collections.unmodifiableSortedMap(new TreeMap<>(productsBoth));
        }

        Bus withProducts(SortedMap<String, Double> both) {
            return new Bus(upload, download, uploadBoth, hostReadBoth, both, handOverSeconds);
        }
    }

    /**
     * A disk.
     *
     * @param store the file system, as the system calls it
     * @param readByRequests rates of reading past the page cache, by the number of requests at a time
     */
    public record Disk(String store, SortedMap<Integer, Double> readByRequests) {

        public Disk {
            readByRequests = Collections.unmodifiableSortedMap(new TreeMap<>(readByRequests));
        }

        /** The best rate. */
        public double read() {
            return Collections.max(readByRequests.values());
        }
    }

    /**
     * Stands in for a machine that was not measured, where a plan asks who computes which share: bus and processor are equally fast.
     * No figure that follows from it is shown.
     *
     * @param gpus that it has
     */
    public static MachineProfile unknown(int gpus) {
        double half = 2e10;
        double product = half * 0.8;
        Host host = new Host(
                1L << 40,
                Long.MAX_VALUE,
                1,
                new TreeMap<>(Map.of(1, half)),
                1e-5,
                5e-5,
                product,
                ProductRates.derived(product, 1e11));
        Gpu gpu = new Gpu(
                "unknown",
                1L << 40,
                0,
                1,
                50 * half,
                4e-6,
                25 * half,
                ProductRates.derived(50 * product, 1e13),
                new Bus(half, half, product, product, new TreeMap<>(), 25e-6));
        return new MachineProfile(
                "unknown",
                Source.PUBLISHED,
                "unknown",
                "",
                0,
                host,
                Collections.nCopies(gpus, gpu),
                List.of(),
                Set.of("everything"));
    }

    /** The same with other GPUs. */
    public MachineProfile withGpus(List<Gpu> others) {
        return new MachineProfile(name, source, hardware, measuredAt, otherLoad, host, others, disks, estimates);
    }

    /** The same with the disk that holds a file system and no other. */
    public MachineProfile onDisk(String store) {
        List<Disk> those =
                disks.stream().filter(disk -> disk.store().equals(store)).toList();
        return new MachineProfile(name, source, hardware, measuredAt, otherLoad, host, gpus, those, estimates);
    }

    /** The rate at which weights are read from disk; empty if no disk was measured. */
    public Optional<Double> diskRead() {
        return disks.stream().map(Disk::read).findFirst();
    }

    /** Whether other programs had much of the machine while it was measured. */
    public boolean busy() {
        return otherLoad > MUCH_OTHER_LOAD;
    }

    /** The same with a rate of reading host memory that counts if it is the better one. */
    public MachineProfile withHostRead(int threads, double bytesPerSecond) {
        SortedMap<Integer, Double> rates = new TreeMap<>(host.readByThreads());
        rates.merge(threads, bytesPerSecond, Math::max);
        Host better = new Host(
                host.memoryBytes(),
                host.lockableBytes(),
                host.threads(),
                rates,
                host.startSeconds(),
                host.wakeSeconds(),
                host.attend(),
                host.products());
        return new MachineProfile(name, source, hardware, measuredAt, otherLoad, better, gpus, disks, estimates);
    }

    /** The same with another disk before those that are known. */
    public MachineProfile withDisk(Disk disk) {
        List<Disk> all = new ArrayList<>(List.of(disk));
        disks.stream().filter(it -> !it.store().equals(disk.store())).forEach(all::add);
        return new MachineProfile(name, source, hardware, measuredAt, otherLoad, host, gpus, all, estimates);
    }
}
