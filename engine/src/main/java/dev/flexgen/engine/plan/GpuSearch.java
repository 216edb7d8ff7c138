package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Searches a plan for a GPU that does not hold the whole model. Dry runs take milliseconds each, so candidates are compared by a
 * {@link Sketch}, which one dry run of each corrects; the best are then fitted exactly.
 */
final class GpuSearch {

    private static final int SHARES = Sketch.SHARES;

    /** How much the price of a sketch may be off. */
    private static final double DOUBT = 1.01;

    private static final int MOST_CORRECTIONS = 40;

    private final Planner planner;
    private final Cuts cuts;
    private final LayerSizes sizes;
    private final Sketch sketch;
    private final CostModel prices;
    private final int context;

    /** A plan that fits the GPU; in host memory as much as need be. */
    record Candidate(Offload offload, Cut onGpu, Plan plan, Footprint footprint, double seconds) {}

    /** A candidate that nobody has tried: about so much of it fits. */
    private record Rough(Offload offload, int share, double seconds) {}

    /** By the device of the tables: what rings, buffers and tables take of the GPU. Nearly the same for all that share it. */
    private final Map<Integer, Double> constants = new HashMap<>();

    private static final int MOST_WITH_DISK = 3;

    GpuSearch(Planner planner, Cuts cuts, LayerSizes sizes, Sketch sketch, CostModel prices) {
        this.planner = planner;
        this.cuts = cuts;
        this.sizes = sizes;
        this.sketch = sketch;
        this.prices = prices;
        this.context = planner.context() / 2; // what a token has behind it on average
    }

    /** The fastest plan without a disk that fits both memories. */
    Optional<Plan> inMemory(List<Offload> offloads) {
        List<Rough> rough = new ArrayList<>();
        offloads.forEach(offload -> rough.addAll(rough(offload)));
        rough.sort(Comparator.comparingDouble(Rough::seconds));
        Optional<Candidate> best = Optional.empty();
        for (Rough next : rough) {
            double limit = best.map(Candidate::seconds).orElse(Double.MAX_VALUE);
            if (next.seconds() > limit * DOUBT) {
                break;
            }
            if (hostBytes(next) > planner.budget().hostBytes()) {
                continue;
            }
            Optional<Candidate> fitted = fit(next).filter(it -> planner.fitsHost(it.footprint()));
            if (fitted.isPresent() && fitted.get().seconds() < limit) {
                best = fitted;
            }
        }
        return best.map(Candidate::plan);
    }

    /** The fastest plan that keeps on disk what does not fit host memory. */
    Optional<Plan> withDisk(List<Offload> offloads) {
        return offloads.stream()
                .filter(offload -> !offload.gated())
                .flatMap(offload -> rough(offload).stream().min(Comparator.comparingDouble(Rough::seconds)).stream())
                .sorted(Comparator.comparingDouble(Rough::seconds))
                .limit(MOST_WITH_DISK)
                .flatMap(candidate -> fit(candidate).flatMap(this::withDisk).stream())
                .min(Comparator.comparingDouble(Candidate::seconds))
                .map(Candidate::plan);
    }

    /** One for each order in which the GPU could be filled and for shares near this; one dry run serves them all. None if not even the least fits. */
    private List<Rough> rough(Offload offload) {
        double constant = constants.computeIfAbsent(
                offload.tables(),
                _ -> planner.meter().of(plan(offload, 0)).gpuPeaks().get(planner.gpu())
                        - sketch.gpuBytes(sizes.none(), offload));
        List<Rough> rough = new ArrayList<>();
        for (Offload near : offload.near()) {
            for (Offload.First first : Offload.First.values()) {
                Offload ordered = near.with(first);
                int share = sketch.share(ordered, constant, planner.budget().gpuBytes());
                if (share >= 0) {
                    Plan plan = plan(ordered, share);
                    rough.add(new Rough(ordered, share, seconds(plan, sketch.blocks(plan))));
                }
            }
        }
        return rough;
    }

    /** Weights that it leaves to host memory. */
    private double hostBytes(Rough rough) {
        Cut onGpu = rough.offload().onGpu(sizes.all(), rough.share(), SHARES);
        return (double) planner.layers() * sizes.all().without(onGpu).bytes();
    }

    /** As much on the GPU as really fits. */
    private Optional<Candidate> fit(Rough rough) {
        Offload offload = rough.offload();
        double bytesPerShare = Math.max(1.0, (double) sizes.all().bytes() * planner.layers() / SHARES);
        int share = rough.share();
        Plan plan = plan(offload, share);
        Footprint footprint = planner.meter().of(plan);
        for (int i = 0; i < MOST_CORRECTIONS && share > 0 && !planner.fitsGpu(footprint); i++) {
            long excess =
                    footprint.gpuPeaks().get(planner.gpu()) - planner.budget().gpuBytes();
            share = Math.max(0, share - (int) Math.ceil(excess / bytesPerShare));
            plan = plan(offload, share);
            footprint = planner.meter().of(plan);
        }
        if (!planner.fitsGpu(footprint)) {
            return Optional.empty();
        }
        long left = planner.budget().gpuBytes() - footprint.gpuPeaks().get(planner.gpu());
        int more = (int) Math.min(SHARES - share, left / bytesPerShare);
        for (; more > 0; more /= 2) {
            Plan larger = plan(offload, share + more);
            Footprint its = planner.meter().of(larger);
            if (planner.fitsGpu(its)) {
                share += more;
                plan = larger;
                footprint = its;
                break;
            }
        }
        Cut onGpu = offload.onGpu(sizes.all(), share, SHARES);
        return Optional.of(new Candidate(offload, onGpu, plan, footprint, seconds(plan, footprint)));
    }

    /** Blocks from disk pass through the GPU too: if their ring takes too much of it, less is kept there. */
    private Optional<Candidate> withDisk(Candidate candidate) {
        Offload offload = candidate.offload();
        Cut onGpu = candidate.onGpu();
        for (int i = 0; i < MOST_CORRECTIONS; i++) {
            Optional<Candidate> found = withDisk(offload, onGpu);
            if (found.isEmpty() || planner.fitsGpu(found.get().footprint())) {
                return found;
            }
            long excess = found.get().footprint().gpuPeaks().get(planner.gpu())
                    - planner.budget().gpuBytes();
            long keep = onGpu.bytes() - Math.ceilDiv(excess, planner.layers()) - 1;
            if (keep < 0) {
                return Optional.empty();
            }
            onGpu = onGpu.part((int) (keep * SHARES / Math.max(1, onGpu.bytes())), SHARES);
        }
        return Optional.empty();
    }

    private Optional<Candidate> withDisk(Offload offload, Cut onGpu) {
        Cut rest = sizes.all().without(onGpu);
        int share = Planner.largest(
                part -> planner.meter()
                        .of(cuts.withGpu(onGpu, rest.part(part, SHARES), offload))
                        .hostPeak(),
                planner.budget().hostBytes());
        if (share < 0) {
            return Optional.empty();
        }
        Plan plan = cuts.withGpu(onGpu, rest.part(share, SHARES), offload);
        Footprint footprint = planner.meter().of(plan);
        return Optional.of(new Candidate(offload, onGpu, plan, footprint, seconds(plan, footprint)));
    }

    private Plan plan(Offload offload, int share) {
        Cut onGpu = offload.onGpu(sizes.all(), share, SHARES);
        return cuts.withGpu(onGpu, sizes.all().without(onGpu), offload);
    }

    private double seconds(Plan plan, Footprint footprint) {
        return prices.step(plan, footprint, Step.decode(context)).seconds();
    }
}
