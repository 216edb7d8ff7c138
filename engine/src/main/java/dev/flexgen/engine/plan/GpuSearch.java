package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Searches a plan for GPUs that do not hold the whole model. Dry runs take milliseconds each, so candidates are compared by a
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

    /** So many shares may stay free on a GPU: another dry run would gain less than a thousandth of the model. */
    private static final int IDLE_SHARES = 4;

    private static final int MOST_WITH_DISK = 3;

    private final Planner planner;
    private final Cuts cuts;
    private final LayerSizes sizes;
    private final Sketch sketch;
    private final CostModel prices;

    /** A plan that fits the GPUs; in host memory as much as need be. */
    private record Candidate(Offload offload, List<Cut> onGpus, Plan plan, Footprint footprint, double seconds) {}

    /**
     * A candidate that nobody has tried.
     *
     * @param shares about so much of their layers fits each GPU
     */
    private record Rough(Offload offload, List<Integer> shares, double seconds) {}

    /** What rings, buffers and tables take of each GPU: first for each place of the tables, then as dry runs tell. */
    private final Map<Object, List<Double>> constants = new HashMap<>();

    private record Tables(LayerTurns turns, int device) {}

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
        List<Integer> shares = shares(offload, constants(offload));
        return fits(shares) ? Optional.of(rough(offload, shares)) : Optional.empty();
    }

    private List<Integer> shares(Offload offload, List<Double> constants) {
        return planner.gpus()
                .mapToObj(gpu -> sketch.share(gpu, offload, constants.get(gpu), planner.gpuBytes(gpu)))
                .toList();
    }

    private static boolean fits(List<Integer> shares) {
        return shares.stream().allMatch(share -> share >= 0);
    }

    private Rough rough(Offload offload, List<Integer> shares) {
        return new Rough(
                offload, shares, planner.workload().seconds(prices, plan(offload, onGpus(offload, shares)), sketch));
    }

    /** Of this candidate or, before anybody has tried it, of the others with tables on the same device: nearly the same. */
    private List<Double> constants(Offload offload) {
        List<Double> known = constants.get(offload);
        if (known == null) {
            known = constants.get(new Tables(offload.turns(), offload.tables()));
        }
        if (known != null) {
            return known;
        }
        List<Cut> none = planner.gpus().mapToObj(_ -> sizes.none()).toList();
        return learn(offload, none, planner.meter().gpuPeaksAbout(plan(offload, none)));
    }

    private List<Double> learn(Offload offload, List<Cut> onGpus, List<Long> gpuPeaks) {
        List<Double> learnt = planner.gpus()
                .mapToObj(gpu -> gpuPeaks.get(gpu) - sketch.gpuBytes(gpu, onGpus.get(gpu), offload))
                .toList();
        constants.put(offload, learnt);
        constants.put(new Tables(offload.turns(), offload.tables()), learnt);
        return learnt;
    }

    /** Weights that it leaves to host memory. */
    private double hostBytes(Rough rough) {
        List<Cut> onGpus = onGpus(rough.offload(), rough.shares());
        return rough.offload().turns().homes().stream()
                .mapToDouble(gpu -> sizes.all().without(onGpus.get(gpu)).bytes())
                .sum();
    }

    /** As much on the GPUs as fits by the quick dry runs. */
    private Optional<Rough> fitAbout(Rough rough) {
        Offload offload = rough.offload();
        List<Integer> shares = rough.shares();
        for (int i = 0; i < MOST_LESSONS; i++) {
            List<Cut> onGpus = onGpus(offload, shares);
            List<Integer> next =
                    shares(offload, learn(offload, onGpus, planner.meter().gpuPeaksAbout(plan(offload, onGpus))));
            List<Integer> before = shares;
            boolean settled = planner.gpus().allMatch(gpu -> Math.abs(next.get(gpu) - before.get(gpu)) < IDLE_SHARES);
            shares = next;
            if (settled || !fits(shares)) {
                break;
            }
        }
        return fits(shares) ? Optional.of(rough(offload, shares)) : Optional.empty();
    }

    /** As much on the GPUs as really fits, or a little less. */
    private Optional<Candidate> fit(Rough rough) {
        Offload offload = rough.offload();
        Optional<Candidate> fitting = Optional.empty();
        List<Integer> shares = rough.shares();
        for (int i = 0; i < MOST_CORRECTIONS; i++) {
            List<Cut> onGpus = onGpus(offload, shares);
            Plan plan = plan(offload, onGpus);
            Footprint footprint = planner.meter().of(plan);
            List<Integer> before = shares;
            List<Integer> next = planner.gpus()
                    .mapToObj(gpu -> corrected(offload, gpu, before.get(gpu), footprint))
                    .toList();
            if (planner.fitsGpus(footprint)) {
                fitting = Optional.of(candidate(offload, onGpus, plan, footprint));
                if (i > 0 || planner.gpus().allMatch(gpu -> next.get(gpu) - before.get(gpu) < IDLE_SHARES)) {
                    break;
                }
            } else if (fitting.isPresent() || next.equals(before)) {
                break;
            }
            shares = next;
        }
        return fitting;
    }

    /** The share that fits by what a dry run left of the GPU, or lacked. */
    private int corrected(Offload offload, int gpu, int share, Footprint footprint) {
        double bytesPerShare =
                Math.max(1.0, (double) sizes.all().bytes() * offload.turns().layers(gpu) / SHARES);
        double left = planner.gpuBytes(gpu) - footprint.gpuPeaks().get(gpu);
        return Math.clamp(share + (long) Math.floor(left / bytesPerShare), 0, SHARES);
    }

    private Candidate candidate(Offload offload, List<Cut> onGpus, Plan plan, Footprint footprint) {
        return new Candidate(
                offload, onGpus, plan, footprint, planner.workload().seconds(prices, plan, footprint));
    }

    /** Blocks from disk pass through the GPUs too: if their ring takes too much of one, less is kept there. */
    private Optional<Candidate> withDisk(Candidate candidate) {
        Offload offload = candidate.offload();
        List<Cut> onGpus = candidate.onGpus();
        for (int i = 0; i < MOST_CORRECTIONS; i++) {
            Optional<Candidate> found = withDisk(offload, onGpus);
            if (found.isEmpty() || planner.fitsGpus(found.get().footprint())) {
                return found;
            }
            List<Cut> less = new ArrayList<>(onGpus);
            for (int gpu : offload.turns().gpus()) {
                long excess = found.get().footprint().gpuPeaks().get(gpu) - planner.gpuBytes(gpu);
                long bytes = onGpus.get(gpu).bytes();
                long keep = bytes - Math.ceilDiv(excess, offload.turns().layers(gpu)) - 1;
                if (keep < 0) {
                    return Optional.empty();
                }
                if (excess > 0) {
                    less.set(gpu, onGpus.get(gpu).part((int) (keep * SHARES / Math.max(1, bytes)), SHARES));
                }
            }
            onGpus = less;
        }
        return Optional.empty();
    }

    private Optional<Candidate> withDisk(Offload offload, List<Cut> onGpus) {
        int share = Planner.largest(
                part -> planner.meter().of(withDisk(offload, onGpus, part)).hostPeak(),
                planner.budget().hostBytes());
        if (share < 0) {
            return Optional.empty();
        }
        Plan plan = withDisk(offload, onGpus, share);
        return Optional.of(candidate(offload, onGpus, plan, planner.meter().of(plan)));
    }

    private Plan withDisk(Offload offload, List<Cut> onGpus, int inHost) {
        List<Cut> parts = onGpus.stream()
                .map(cut -> sizes.all().without(cut).part(inHost, SHARES))
                .toList();
        return cuts.withGpus(onGpus, parts, offload);
    }

    private List<Cut> onGpus(Offload offload, List<Integer> shares) {
        return shares.stream()
                .map(share -> offload.onGpu(sizes.all(), share, SHARES))
                .toList();
    }

    private Plan plan(Offload offload, List<Cut> onGpus) {
        List<Cut> others = onGpus.stream().map(cut -> sizes.all().without(cut)).toList();
        return cuts.withGpus(onGpus, others, offload);
    }
}
