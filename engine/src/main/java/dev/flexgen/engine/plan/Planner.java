package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Cuts all layers of a GPU alike: as many heads and neurons on the GPU as fit, the rest in host memory, what does not fit there on
 * disk. Several GPUs have layers in turn. Of the rest the processor computes one part in place while the GPU reads the other over the
 * bus, neurons first, since those have no keys and values. Candidates must fit by their {@link Footprint}; of those that do, the {@link CostModel} chooses.
 *
 * @param workload what the plan is to do fast, with room for it
 */
public record Planner(
        ModelShape model, List<DeviceShape> devices, Budget budget, Footprint.Meter meter, Workload workload) {

    /** Beyond what any machine has; below it, sums of sizes fit a long. */
    private static final double MOST_BYTES = 0x1p50;

    private static final double GIB = 1 << 30;
    private static final int SHARES = Sketch.SHARES;

    /**
     * A plan for the processor alone.
     *
     * @throws EngineException of kind PLACEMENT if host memory is too small and there is no disk to help
     */
    public Plan forProcessor() {
        requireSanity();
        Plan whole = Plan.onOneDevice(spec(), Tier.HOST, processor());
        Footprint footprint = meter.of(whole);
        if (fitsHost(footprint)) {
            return whole;
        }
        if (!budget.disk()) {
            throw tooLargeForHost(footprint);
        }
        if (ExpertPlans.hasExperts(spec())) {
            return new ExpertPlans(this).forProcessor(processor()).orElseThrow(() -> tooLargeForHost(footprint));
        }
        LayerSizes sizes = LayerSizes.of(spec(), footprint);
        Cuts cuts = new Cuts(spec(), sizes, budget.hostBytes(), processor());
        int share = largest(
                part -> meter.of(cuts.withDisk(sizes.all().part(part, SHARES))).hostPeak(), budget.hostBytes());
        if (share < 0) {
            throw tooLargeForHost(footprint);
        }
        return cuts.withDisk(sizes.all().part(share, SHARES));
    }

    ModelSpec spec() {
        return model.spec();
    }

    /**
     * A plan for GPUs and the processor.
     *
     * @param machine asked for only if the model does not fit the GPUs
     * @throws EngineException of kind PLACEMENT if some memory is too small for any plan
     */
    public Plan forGpus(Supplier<MachineProfile> machine) {
        requireSanity();
        Plan one = Plan.onOneDevice(spec(), Tier.GPU, 0);
        Footprint whole = meter.of(one);
        if (fitsGpus(whole)) {
            return inHost(one);
        }
        LayerRooms rooms = new LayerRooms(this, whole);
        Optional<Plan> several = rooms.forWhole()
                .map(turns -> Plan.onDevices(spec(), Tier.GPU, turns.homes()))
                .filter(plan -> fitsGpus(meter.of(plan)))
                .findFirst();
        return several.isPresent() ? inHost(several.get()) : forGpus(rooms, whole, machine.get());
    }

    private Plan inHost(Plan plan) {
        if (!fitsHost(meter.of(plan))) {
            throw tooLargeForHost(meter.of(plan));
        }
        return plan;
    }

    private Plan forGpus(LayerRooms rooms, Footprint whole, MachineProfile machine) {
        CostModel cost =
                new CostModel(machine, devices.stream().map(DeviceShape::tier).toList(), model);
        if (ExpertPlans.hasExperts(spec())) {
            return new ExpertPlans(this)
                    .forGpus(rooms.forFetchedParts(), processor(), cost)
                    .orElseThrow(() -> tooLargeForHost(meter.of(Plan.onOneDevice(spec(), Tier.HOST, processor()))));
        }
        LayerSizes sizes = LayerSizes.of(spec(), whole);
        Cuts cuts =
                new Cuts(spec(), sizes, gpus().mapToLong(this::gpuBytes).min().orElse(0), processor());
        int rows = workload.token().rows();
        List<Offload> offloads = new ArrayList<>();
        for (LayerTurns turns : rooms.forParts()) {
            List<Integer> atOnce = turns.alternates() ? turns.gpus() : List.of(turns.last());
            offloads.addAll(
                    Offload.candidates(turns, processor(), cost.streamedShare(rows, atOnce), model.activeInAny(rows)));
        }
        Sketch sketch = new Sketch(model, sizes, whole, (long) workload.context() * workload.sequences());
        GpuSearch search = new GpuSearch(this, cuts, sizes, sketch, cost);
        return search.inMemory(offloads)
                .or(() -> budget.disk() ? search.withDisk(offloads) : Optional.empty())
                .orElseThrow(() -> tooLarge(cuts, sizes, offloads));
    }

    /** Which memory is too small even for the plan that takes least of the GPU's. */
    private EngineException tooLarge(Cuts cuts, LayerSizes sizes, List<Offload> offloads) {
        return offloads.stream()
                .map(offload -> meter.of(least(cuts, sizes, offload)))
                .filter(this::fitsGpus)
                .findFirst()
                .map(this::tooLargeForHost)
                .orElseGet(() -> tooLargeForGpu(cuts, sizes, offloads));
    }

    private EngineException tooLargeForGpu(Cuts cuts, LayerSizes sizes, List<Offload> offloads) {
        long least = offloads.stream()
                .mapToLong(offload -> meter.of(least(cuts, sizes, offload))
                        .gpuPeaks()
                        .get(offload.turns().last()))
                .min()
                .orElseThrow();
        long most = gpus().mapToLong(this::gpuBytes).max().orElse(0);
        return EngineException.placement("The GPU has " + Bytes.format(Math.max(0, most))
                + " left for this model, and the smallest plan needs " + Bytes.format(least)
                + " there for work in progress; allow more with --gpu-memory, shorten --context, or use --device cpu");
    }

    private Plan least(Cuts cuts, LayerSizes sizes, Offload offload) {
        List<Cut> none = gpus().mapToObj(_ -> sizes.none()).toList();
        List<Cut> all = gpus().mapToObj(_ -> sizes.all()).toList();
        return cuts.withGpus(none, all, offload);
    }

    /** GPUs that a plan does not use need no room. */
    boolean fitsGpus(Footprint footprint) {
        return gpus().allMatch(gpu -> footprint.gpuPeaks().get(gpu) <= Math.max(0, gpuBytes(gpu)));
    }

    long gpuBytes(int gpu) {
        return budget.gpus().get(gpu).bytes();
    }

    /** Plans number them first. */
    IntStream gpus() {
        return IntStream.range(0, budget.gpus().size());
    }

    boolean fitsHost(Footprint footprint) {
        return footprint.hostPeak() <= budget.hostBytes();
    }

    int layers() {
        return spec().layers();
    }

    private int processor() {
        return budget.gpus().size();
    }

    /** Doubles do not overflow, whatever sizes a file may state. */
    private void requireSanity() {
        double weights = 2.0 * spec().parameters();
        double kv = 4.0 * spec().layers() * spec().keyHeads() * spec().headDim() * workload.context();
        if (weights + kv > MOST_BYTES) {
            throw tooLargeForHost(weights, kv);
        }
    }

    private EngineException tooLargeForHost(Footprint footprint) {
        long kv = footprint.held().values().stream()
                .mapToLong(owners -> owners.getOrDefault("KV cache", 0L))
                .sum();
        return tooLargeForHost((double) Math.max(0, footprint.hostPeak() - kv), (double) kv);
    }

    private EngineException tooLargeForHost(double weights, double kv) {
        double host = Math.max(0, budget.hostBytes());
        String limit = budget.hostCapped()
                ? "--cpu-memory leaves " + size(host) + " of host memory; allow more"
                : size(host) + " of host memory are free; free more";
        return EngineException.placement(String.format(
                Locale.ROOT,
                "The model needs %s for weights and %s for a context of %d tokens, but %s, %schoose a smaller model"
                        + " or --context",
                size(weights),
                size(kv),
                workload.context(),
                limit,
                budget.disk() ? "or " : "keep the rest on disk with --disk-dir DIR, or "));
    }

    /** In GiB, but for what would be none of them. */
    private static String size(double bytes) {
        return bytes < GIB ? Bytes.format((long) bytes) : String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
    }

    /**
     * The largest share of {@value #SHARES} that takes no more than {@code most} bytes; -1 if none does. What shares take grows
     * about evenly, so a few tries find it.
     */
    static int largest(IntToLongFunction bytes, long most) {
        int low = 0;
        int high = SHARES;
        long least = bytes.applyAsLong(low);
        if (least > most) {
            return -1;
        }
        long all = bytes.applyAsLong(high);
        if (all <= most) {
            return high;
        }
        boolean halve = false;
        while (high - low > 1) {
            double share = halve || all <= least ? 0.5 : (double) (most - least) / (all - least);
            int next = Math.clamp(low + Math.round(share * (high - low)), low + 1, high - 1);
            long its = bytes.applyAsLong(next);
            halve = !halve && high - low > 64; // steps of whole heads mislead even division
            if (its <= most) {
                low = next;
                least = its;
            } else {
                high = next;
                all = its;
            }
        }
        return low;
    }
}
