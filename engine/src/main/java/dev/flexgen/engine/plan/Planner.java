package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Cuts every layer alike: as many heads and neurons on the GPU as fit, the rest in host memory, what does not fit there on disk. Of
 * the rest the processor computes one part in place while the GPU reads the other over the bus, neurons first, since those have no
 * keys and values. Candidates must fit by their {@link Footprint}; of those that do, the {@link CostModel} chooses.
 *
 * @param context tokens of a conversation, for messages
 * @param activeShare of the neurons after ReLU that a token needs; 1 if there is no ReLU
 */
public record Planner(
        ModelSpec spec,
        List<DeviceShape> devices,
        Budget budget,
        Footprint.Meter meter,
        int context,
        double activeShare) {

    /** Beyond what any machine has; below it, sums of sizes fit a long. */
    private static final double MOST_BYTES = 0x1p50;

    private static final double GIB = 1 << 30;
    private static final int SHARES = 1 << 12;

    /**
     * A plan for the processor alone.
     *
     * @throws EngineException of kind PLACEMENT if host memory is too small and there is no disk to help
     */
    public Plan forProcessor() {
        requireSanity();
        Plan whole = Plan.onOneDevice(spec, Tier.HOST, processor());
        Footprint footprint = meter.of(whole);
        if (fitsHost(footprint)) {
            return whole;
        }
        if (!budget.disk()) {
            throw tooLargeForHost(footprint);
        }
        if (ExpertPlans.hasExperts(spec)) {
            return new ExpertPlans(this).forProcessor(processor()).orElseThrow(() -> tooLargeForHost(footprint));
        }
        LayerSizes sizes = LayerSizes.of(spec, footprint);
        Cuts cuts = new Cuts(spec, sizes, budget.hostBytes(), processor());
        int share = largest(part -> fitsHost(meter.of(cuts.withDisk(sizes.all().part(part, SHARES)))));
        Cut inHost = sizes.all().part(share, SHARES);
        Plan plan = cuts.withDisk(inHost);
        if (!fitsHost(meter.of(plan))) {
            throw tooLargeForHost(footprint);
        }
        return plan;
    }

    /**
     * A plan for one GPU and the processor.
     *
     * @param bandwidths asked for only if the model does not fit the GPU
     * @throws EngineException of kind PLACEMENT if some memory is too small for any plan
     */
    public Plan forGpu(Supplier<Bandwidths> bandwidths) {
        requireSanity();
        int gpu = gpu();
        Plan whole = Plan.onOneDevice(spec, Tier.GPU, gpu);
        Footprint footprint = meter.of(whole);
        if (fitsGpu(footprint)) {
            if (!fitsHost(footprint)) {
                throw tooLargeForHost(footprint);
            }
            return whole;
        }
        if (ExpertPlans.hasExperts(spec)) {
            return new ExpertPlans(this)
                    .forGpu(gpu, processor())
                    .orElseThrow(() -> tooLargeForHost(meter.of(Plan.onOneDevice(spec, Tier.HOST, processor()))));
        }
        Bandwidths rates = bandwidths.get();
        LayerSizes sizes = LayerSizes.of(spec, footprint);
        Cuts cuts = new Cuts(spec, sizes, budget.gpuBytes(), processor());
        List<Offload> offloads = Offload.candidates(gpu, processor(), rates.streamedShare(), activeShare);
        CostModel cost =
                new CostModel(rates, devices.stream().map(DeviceShape::tier).toList(), activeShare);
        @Nullable Candidate best = null;
        double bestRate = 0;
        for (Offload offload : offloads) {
            Optional<Candidate> candidate = inMemory(cuts, sizes, offload).filter(it -> fitsHost(it.footprint()));
            double rate = candidate
                    .map(it -> cost.decode(it.plan(), it.footprint()).decodeTokensPerSecond())
                    .orElse(0.0);
            if (rate > bestRate) {
                best = candidate.orElseThrow();
                bestRate = rate;
            }
        }
        if (best != null) {
            return best.plan();
        }
        return offloads.stream()
                .filter(offload -> !offload.gated())
                .flatMap(offload -> inMemory(cuts, sizes, offload).stream())
                .findFirst()
                .map(candidate -> withDisk(cuts, sizes, candidate))
                .orElseThrow(() -> tooLargeForGpu(cuts, sizes, offloads));
    }

    /** A plan that fits the GPU; in host memory as much as need be. */
    private record Candidate(Offload offload, Cut onGpu, Plan plan, Footprint footprint) {}

    /** As much on the GPU as fits, the rest in host memory; empty if even the least is too much for the GPU. */
    private Optional<Candidate> inMemory(Cuts cuts, LayerSizes sizes, Offload offload) {
        Cut all = sizes.all();
        if (!fitsGpu(meter.of(cuts.withGpu(sizes.none(), all, offload)))) {
            return Optional.empty();
        }
        int share = largest(part -> {
            Cut cut = offload.onGpu(all, part, SHARES);
            return fitsGpu(meter.of(cuts.withGpu(cut, all.without(cut), offload)));
        });
        Cut onGpu = offload.onGpu(all, share, SHARES);
        Plan plan = cuts.withGpu(onGpu, all.without(onGpu), offload);
        return Optional.of(new Candidate(offload, onGpu, plan, meter.of(plan)));
    }

    /** The same with what does not fit host memory on disk. */
    private Plan withDisk(Cuts cuts, LayerSizes sizes, Candidate candidate) {
        if (!budget.disk()) {
            throw tooLargeForHost(candidate.footprint());
        }
        Cut rest = sizes.all().without(candidate.onGpu());
        int share = largest(part ->
                fitsHost(meter.of(cuts.withGpu(candidate.onGpu(), rest.part(part, SHARES), candidate.offload()))));
        Plan plan = cuts.withGpu(candidate.onGpu(), rest.part(share, SHARES), candidate.offload());
        if (!fitsHost(meter.of(plan))) {
            throw tooLargeForHost(candidate.footprint());
        }
        return plan;
    }

    private EngineException tooLargeForGpu(Cuts cuts, LayerSizes sizes, List<Offload> offloads) {
        long least = offloads.stream()
                .mapToLong(offload -> meter.of(cuts.withGpu(sizes.none(), sizes.all(), offload))
                        .gpuPeaks()
                        .get(gpu()))
                .min()
                .orElseThrow();
        return EngineException.placement("The GPU has " + Bytes.format(Math.max(0, budget.gpuBytes()))
                + " left for this model, and the smallest plan needs " + Bytes.format(least)
                + " there for work in progress; allow more with --gpu-memory, shorten --context, or use --device cpu");
    }

    boolean fitsGpu(Footprint footprint) {
        return footprint.gpuPeaks().get(gpu()) <= budget.gpuBytes();
    }

    boolean fitsHost(Footprint footprint) {
        return footprint.hostPeak() <= budget.hostBytes();
    }

    private int gpu() {
        return index(Tier.GPU);
    }

    private int processor() {
        return index(Tier.HOST);
    }

    private int index(Tier tier) {
        for (int i = 0; i < devices.size(); i++) {
            if (devices.get(i).tier() == tier) {
                return i;
            }
        }
        throw new IllegalStateException("no device computes on " + tier.label() + " memory");
    }

    /** Doubles do not overflow, whatever sizes a file may state. */
    private void requireSanity() {
        double weights = 2.0 * spec.parameters();
        double kv = 4.0 * spec.layers() * spec.keyHeads() * spec.headDim() * context;
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
                context,
                limit,
                budget.disk() ? "or " : "keep the rest on disk with --disk-dir DIR, or "));
    }

    /** In GiB, but for what would be none of them. */
    private static String size(double bytes) {
        return bytes < GIB ? Bytes.format((long) bytes) : String.format(Locale.ROOT, "%.1f GiB", bytes / GIB);
    }

    /** The largest share, of {@value #SHARES}, that is allowed; 0 if none is. */
    private static int largest(IntPredicate allowed) {
        int low = 0;
        int high = SHARES;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (allowed.test(middle)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
