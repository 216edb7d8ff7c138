package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Searches a plan for a GPU that does not hold the whole model. Dry runs take milliseconds each, so candidates are compared by a
 * {@link Sketch}; the best are then fitted by dry runs, each of which tells the sketch what it did not know.
 */
final class GpuSearch {

    private static final int SHARES = Sketch.SHARES;

    /** How much the price of a sketch may be off before a dry run has corrected it. */
    private static final double DOUBT = 1.01;

    /** A gain too small to look for. */
    private static final double LEAST_GAIN = 0.002;

    private static final int MOST_CORRECTIONS = 40;

    private static final int MOST_LESSONS = 3;

    /** So many shares may stay free on the GPU: another dry run would gain less than a thousandth of the model. */
    private static final int IDLE_SHARES = 4;

    private static final int MOST_WITH_DISK = 3;

    private final Planner planner;
    private final Cuts cuts;
    private final LayerSizes sizes;
    private final Sketch sketch;
    private final CostModel prices;

    /** A plan that fits the GPU; in host memory as much as need be. */
    private record Candidate(Offload offload, Cut onGpu, Plan plan, Footprint footprint, double seconds) {}

    /** A candidate that nobody has tried: about so much of it fits. */
    private record Rough(Offload offload, int share, double seconds) {}

    /** What rings, buffers and tables take of the GPU: first for each device of the tables, then as dry runs tell. */
    private final Map<Object, Double> constants = new HashMap<>();

    GpuSearch(Planner planner, Cuts cuts, LayerSizes sizes, Sketch sketch, CostModel prices) {
        this.planner = planner;
        this.cuts = cuts;
        this.sizes = sizes;
        this.sketch = sketch;
        this.prices = prices;
    }

    /** The fastest plan without a disk that fits both memories. */
    Optional<Plan> inMemory(List<Offload> offloads) {
        List<Rough> rough = offloads.stream()
                .flatMap(this::variants)
                .sorted(Comparator.comparingDouble(Rough::seconds))
                .toList();
        List<Rough> fitted = new ArrayList<>();
        double best = Double.MAX_VALUE;
        for (Rough first : rough) {
            double enough = best * (1 - LEAST_GAIN);
            if (first.seconds() > enough * DOUBT) {
                break;
            }
            // What has been learned of others since may tell that this one cannot win.
            Optional<Rough> next = rough(first.offload())
                    .filter(it -> it.seconds() <= enough)
                    .filter(it -> hostBytes(it) <= planner.budget().hostBytes())
                    .flatMap(this::fitAbout);
            if (next.isPresent()) {
                fitted.add(next.get());
                best = Math.min(best, next.get().seconds());
            }
        }
        return fitted.stream()
                .sorted(Comparator.comparingDouble(Rough::seconds))
                .flatMap(it -> fit(it).stream())
                .filter(it -> planner.fitsHost(it.footprint()))
                .findFirst()
                .map(Candidate::plan);
    }

    /** The fastest plan that keeps on disk what does not fit host memory. */
    Optional<Plan> withDisk(List<Offload> offloads) {
        return offloads.stream()
                .filter(offload -> !offload.gated())
                .flatMap(offload -> variants(offload).min(Comparator.comparingDouble(Rough::seconds)).stream())
                .sorted(Comparator.comparingDouble(Rough::seconds))
                .limit(MOST_WITH_DISK)
                .flatMap(candidate -> fit(candidate).flatMap(this::withDisk).stream())
                .min(Comparator.comparingDouble(Candidate::seconds))
                .map(Candidate::plan);
    }

    /** One for each order in which the GPU could be filled and for shares near this. None if not even the least fits. */
    private Stream<Rough> variants(Offload offload) {
        return offload.near().stream()
                .flatMap(near -> Stream.of(Offload.First.values()).map(near::with))
                .flatMap(variant -> rough(variant).stream());
    }

    private Optional<Rough> rough(Offload offload) {
        int share = sketch.share(offload, constant(offload), planner.budget().gpuBytes());
        return share < 0 ? Optional.empty() : Optional.of(rough(offload, share));
    }

    private Rough rough(Offload offload, int share) {
        return new Rough(offload, share, planner.workload().seconds(prices, plan(offload, share), sketch));
    }

    /** Of this candidate or, before anybody has tried it, of the others with tables on the same device: nearly the same. */
    private double constant(Offload offload) {
        Double known = constants.get(offload);
        if (known == null) {
            known = constants.get(offload.tables());
        }
        return known == null ? learn(offload, 0, planner.meter().gpuPeaksAbout(plan(offload, 0))) : known;
    }

    private double learn(Offload offload, int share, List<Long> gpuPeaks) {
        Cut onGpu = offload.onGpu(sizes.all(), share, SHARES);
        double constant = gpuPeaks.get(planner.gpu()) - sketch.gpuBytes(onGpu, offload);
        constants.put(offload, constant);
        constants.put(offload.tables(), constant);
        return constant;
    }

    /** Weights that it leaves to host memory. */
    private double hostBytes(Rough rough) {
        Cut onGpu = rough.offload().onGpu(sizes.all(), rough.share(), SHARES);
        return (double) planner.layers() * sizes.all().without(onGpu).bytes();
    }

    /** As much on the GPU as fits by the quick dry runs. */
    private Optional<Rough> fitAbout(Rough rough) {
        Offload offload = rough.offload();
        int share = rough.share();
        for (int i = 0; i < MOST_LESSONS; i++) {
            learn(offload, share, planner.meter().gpuPeaksAbout(plan(offload, share)));
            int next = sketch.share(offload, constant(offload), planner.budget().gpuBytes());
            boolean settled = Math.abs(next - share) < IDLE_SHARES;
            share = next;
            if (settled || share < 0) {
                break;
            }
        }
        return share < 0 ? Optional.empty() : Optional.of(rough(offload, share));
    }

    /** As much on the GPU as really fits, or a little less. */
    private Optional<Candidate> fit(Rough rough) {
        Offload offload = rough.offload();
        double bytesPerShare = Math.max(1.0, (double) sizes.all().bytes() * planner.layers() / SHARES);
        Optional<Candidate> fitting = Optional.empty();
        int share = rough.share();
        for (int i = 0; i < MOST_CORRECTIONS; i++) {
            Plan plan = plan(offload, share);
            Footprint footprint = planner.meter().of(plan);
            double left = planner.budget().gpuBytes() - footprint.gpuPeaks().get(planner.gpu());
            int change = (int) Math.floor(left / bytesPerShare);
            if (left >= 0) {
                Cut onGpu = offload.onGpu(sizes.all(), share, SHARES);
                fitting = Optional.of(new Candidate(
                        offload, onGpu, plan, footprint, planner.workload().seconds(prices, plan, footprint)));
                if (i > 0 || change < IDLE_SHARES || share == SHARES) {
                    break;
                }
            } else if (fitting.isPresent() || share == 0) {
                break;
            }
            share = Math.clamp(share + (long) change, 0, SHARES);
        }
        return fitting;
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
        return Optional.of(new Candidate(
                offload, onGpu, plan, footprint, planner.workload().seconds(prices, plan, footprint)));
    }

    private Plan plan(Offload offload, int share) {
        Cut onGpu = offload.onGpu(sizes.all(), share, SHARES);
        return cuts.withGpu(onGpu, sizes.all().without(onGpu), offload);
    }
}
