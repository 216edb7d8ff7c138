package dev.flexgen.engine.plan;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Cuts every layer alike: as many heads and neurons on the GPU as fit, the rest in host memory, what does not fit there on disk. Of
 * the rest the processor computes one part in place while the other is streamed to the GPU, neurons first, since those have no keys
 * and values. Every candidate is judged by its {@link Footprint}.
 *
 * @param context tokens of a conversation, for messages
 */
public record Planner(ModelSpec spec, List<DeviceShape> devices, Budget budget, Footprint.Meter meter, int context) {

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
        Cuts cuts = new Cuts(spec, footprint, budget.hostBytes(), processor());
        Cut all = cuts.all();
        Cut inHost = largest(all, cut -> fitsHost(meter.of(cuts.withDisk(cut))));
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
        double share = bandwidths.get().streamedShare();
        Cuts cuts = new Cuts(spec, footprint, budget.gpuBytes(), processor());
        long least = Long.MAX_VALUE;
        for (Offload offload : Offload.candidates(gpu, processor(), share)) {
            Footprint smallest = meter.of(cuts.withGpu(Cut.NONE, cuts.all(), offload));
            if (fitsGpu(smallest)) {
                return spill(cuts, offload);
            }
            least = Math.min(least, smallest.gpuPeaks().get(gpu));
        }
        throw EngineException.placement("The GPU has " + Bytes.format(Math.max(0, budget.gpuBytes()))
                + " left for this model, and the smallest plan needs " + Bytes.format(least)
                + " there for work in progress; allow more with --gpu-memory, shorten --context, or use --device cpu");
    }

    /** As much on the GPU as fits, then as much in host memory. */
    private Plan spill(Cuts cuts, Offload offload) {
        Cut all = cuts.all();
        Cut onGpu = largest(all, cut -> fitsGpu(meter.of(cuts.withGpu(cut, all.without(cut), offload))));
        Cut rest = all.without(onGpu);
        Footprint inMemory = meter.of(cuts.withGpu(onGpu, rest, offload));
        if (fitsHost(inMemory)) {
            return cuts.withGpu(onGpu, rest, offload);
        }
        if (!budget.disk()) {
            throw tooLargeForHost(inMemory);
        }
        Cut inHost = largest(rest, cut -> fitsHost(meter.of(cuts.withGpu(onGpu, cut, offload))));
        Plan plan = cuts.withGpu(onGpu, inHost, offload);
        if (!fitsHost(meter.of(plan))) {
            throw tooLargeForHost(inMemory);
        }
        return plan;
    }

    private boolean fitsGpu(Footprint footprint) {
        return footprint.gpuPeaks().get(gpu()) <= budget.gpuBytes();
    }

    private boolean fitsHost(Footprint footprint) {
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
        String remedy =
                budget.disk() ? "allow more with --cpu-memory, or" : "keep the rest on disk with --disk-dir DIR, or";
        return EngineException.placement(String.format(
                Locale.ROOT,
                "The model needs %.1f GiB for weights and %.1f GiB for a context of %d tokens, but %.1f GiB of"
                        + " host memory are free; %s choose a smaller model or --context",
                weights / GIB,
                kv / GIB,
                context,
                budget.hostBytes() / GIB,
                remedy));
    }

    /** The largest part of {@code whole} that is allowed, heads and neurons in proportion; the empty one if none is. */
    private Cut largest(Cut whole, Predicate<Cut> allowed) {
        int low = 0;
        int high = SHARES;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (allowed.test(whole.part(middle, SHARES))) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return whole.part(low, SHARES);
    }
}
