package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * Plans for models with experts. What every token reads (attention, routers, networks that all tokens pass through, the head) is
 * kept on the GPU, if there is one with room for it; then as many experts as fit there, as many of the others as fit host memory,
 * and the rest on disk, from where those that are chosen are read. The processor computes those in host memory; the GPU fetches some
 * of them over the bus at the same time, and for prompts, which need nearly all experts, all of them, if an {@link ExpectedTurn} is
 * faster so. Where it is known how often experts were chosen, the busiest come first; if
 * not, all layers are cut alike.
 */
final class ExpertPlans {

    /** Shares are tried by so many parts of an expert. */
    private static final int PARTS = 4;

    /** So many from the even one: both sides also wait, so that it is not always the best. */
    private static final int NEAR = 3;

    private final Planner planner;

    /** All experts, those first that are worth the fastest memory. */
    private final List<Expert> ranking = new ArrayList<>();

    private record Expert(int layer, int index) {}

    /** Memories, with who computes what is there. */
    private record Place(Tier tier, int device, int prefillDevice, Access access) {}

    /**
     * Who computes what.
     *
     * @param tier of what every token reads
     * @param homes by layer: device of what every token reads
     * @param turns by layer: GPU of the experts on a GPU
     * @param helps whether GPUs compute the processor's experts for prompts
     * @param fetched share of the experts that a token chooses in host memory that the GPU fetches
     */
    private record Devices(
            Tier tier, List<Integer> homes, LayerTurns turns, int processor, boolean helps, double fetched) {}

    ExpertPlans(Planner planner) {
        this.planner = planner;
        for (int layer = 0; layer < planner.spec().layers(); layer++) {
            for (int i = 0; i < planner.spec().block(layer).feedForward().experts(); i++) {
                ranking.add(new Expert(layer, i));
            }
        }
        ranking.sort(Comparator.comparingDouble((Expert it) -> -chosenShare(it))
                .thenComparingInt(Expert::index)
                .thenComparingInt(Expert::layer));
    }

    static boolean hasExperts(ModelSpec spec) {
        return spec.stack().runs().stream()
                .anyMatch(run -> run.block().feedForward().experts() > 0);
    }

    /** With a disk; empty if not even what every token reads fits host memory. */
    Optional<Plan> forProcessor(int processor) {
        return withHost(onProcessor(LayerTurns.alone(planner.layers(), 0), processor), List.of());
    }

    private static Devices onProcessor(LayerTurns turns, int processor) {
        return new Devices(Tier.HOST, Collections.nCopies(turns.homes().size(), processor), turns, processor, false, 0);
    }

    /**
     * Empty if host memory is too small, and there is no disk.
     *
     * @param turns in which GPUs may have the layers
     */
    Optional<Plan> forGpus(List<LayerTurns> turns, int processor, CostModel cost) {
        return turns.stream()
                .flatMap(each -> devices(each, processor, cost))
                .flatMap(devices -> forGpus(devices).stream())
                .min(Comparator.comparingDouble(plan -> seconds(cost, plan)));
    }

    private Stream<Devices> devices(LayerTurns turns, int processor, CostModel cost) {
        double even =
                mostChosen() * cost.streamedShare(planner.workload().token().rows(), List.of(turns.last()));
        Set<Double> shares = new TreeSet<>(Set.of(0.0));
        int parts = (int) (PARTS * even);
        for (int near = parts - NEAR; near <= parts + NEAR + 1; near++) {
            shares.add(Math.clamp((double) near / (PARTS * mostChosen()), 0, 1));
        }
        return Stream.of(true, false)
                .flatMap(helps -> shares.stream()
                        .map(fetched -> new Devices(Tier.GPU, turns.homes(), turns, processor, helps, fetched)));
    }

    private double seconds(CostModel cost, Plan plan) {
        Footprint footprint = planner.meter().of(plan);
        Workload workload = planner.workload();
        return workload.isJob()
                ? workload.seconds(cost, plan, footprint)
                : ExpectedTurn.seconds(cost, plan, footprint, workload.drafted());
    }

    private Optional<Plan> forGpus(Devices devices) {
        int all = ranking.size();
        List<Integer> none = planner.gpus().mapToObj(_ -> 0).toList();
        if (!planner.fitsGpus(planner.meter().of(plan(devices, none, all)))) {
            return withHost(onProcessor(devices.turns(), devices.processor()), none);
        }
        List<Integer> onGpus = new ArrayList<>(none);
        for (int gpu : devices.turns().gpus()) {
            onGpus.set(gpu, largest(all, count -> {
                List<Integer> counts = new ArrayList<>(onGpus);
                counts.set(gpu, count);
                return planner.fitsGpus(planner.meter().of(plan(devices, counts, all)));
            }));
        }
        return withHost(devices, onGpus);
    }

    private Optional<Plan> withHost(Devices devices, List<Integer> onGpus) {
        int all = ranking.size();
        int inHost = largest(all, count -> planner.fitsHost(planner.meter().of(plan(devices, onGpus, count))));
        boolean fits = inHost >= 0 && planner.fitsHost(planner.meter().of(plan(devices, onGpus, all)));
        return inHost < 0 || (!fits && !planner.budget().disk())
                ? Optional.empty()
                : Optional.of(plan(devices, onGpus, inHost));
    }

    /**
     * A plan.
     *
     * @param onGpus so many experts of its layers on each GPU
     * @param inHost so many of the others in host memory
     */
    private Plan plan(Devices devices, List<Integer> onGpus, int inHost) {
        Tier tier = devices.tier();
        ModelSpec spec = planner.spec();
        List<List<Place>> experts = places(devices, onGpus, inHost);
        List<LayerPlan> layers = new ArrayList<>();
        for (int i = 0; i < spec.layers(); i++) {
            int home = devices.homes().get(i);
            List<Shard> heads = List.of(new Shard(0, spec.keyHeads(), tier, home, Access.RESIDENT));
            FeedForwardSpec network = spec.block(i).feedForward();
            List<Shard> neurons = network.neurons() == 0
                    ? List.of()
                    : List.of(new Shard(0, network.neurons(), tier, home, Access.RESIDENT));
            double fetched = network.experts() == 0 ? 0 : devices.fetched();
            layers.add(new LayerPlan(home, heads, neurons, neurons, shards(experts.get(i)), fetched));
        }
        int last = devices.homes().getLast();
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), tier, last, Access.RESIDENT));
        return new Plan(last, layers, head, Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    private int mostChosen() {
        int most = 1;
        for (int layer = 0; layer < planner.spec().layers(); layer++) {
            if (planner.spec().block(layer).feedForward() instanceof FeedForwardSpec.Experts experts) {
                most = Math.max(most, experts.chosen());
            }
        }
        return most;
    }

    private double chosenShare(Expert expert) {
        return planner.model().chosenShare(expert.layer, expert.index);
    }

    /** Where each layer's experts are: the first of the ranking on their layer's GPU, while it has room, then in host memory. */
    private List<List<Place>> places(Devices devices, List<Integer> onGpus, int inHost) {
        int processor = devices.processor();
        List<Integer> homes = devices.turns().homes();
        List<Place> resident = new ArrayList<>();
        List<Place> inMemory = new ArrayList<>();
        List<Place> onDisk = new ArrayList<>();
        for (int gpu = 0; gpu <= Collections.max(homes); gpu++) {
            int prompts = devices.helps() ? gpu : processor;
            resident.add(new Place(Tier.GPU, gpu, gpu, Access.RESIDENT));
            inMemory.add(new Place(Tier.HOST, processor, prompts, Access.RESIDENT));
            onDisk.add(new Place(Tier.DISK, processor, prompts, Access.ON_DEMAND));
        }
        List<List<Place>> layers = new ArrayList<>();
        for (int i = 0; i < homes.size(); i++) {
            int count = planner.spec().block(i).feedForward().experts();
            layers.add(new ArrayList<>(Collections.nCopies(count, onDisk.get(homes.get(i)))));
        }
        int[] left = new int[resident.size()];
        for (int gpu = 0; gpu < Math.min(left.length, onGpus.size()); gpu++) {
            left[gpu] = onGpus.get(gpu);
        }
        int leftInHost = inHost;
        for (Expert expert : ranking) {
            int gpu = homes.get(expert.layer());
            if (left[gpu]-- > 0) {
                layers.get(expert.layer()).set(expert.index(), resident.get(gpu));
            } else if (leftInHost-- > 0) {
                layers.get(expert.layer()).set(expert.index(), inMemory.get(gpu));
            }
        }
        return layers;
    }

    /** Neighbours in the same place are one shard. */
    private static List<Shard> shards(List<Place> experts) {
        List<Shard> shards = new ArrayList<>();
        for (int from = 0; from < experts.size(); from = shards.getLast().to()) {
            Place place = experts.get(from);
            int to = from + 1;
            while (to < experts.size() && experts.get(to).equals(place)) {
                to++;
            }
            shards.add(new Shard(from, to, place.tier(), place.device(), place.prefillDevice(), place.access()));
        }
        return shards;
    }

    /** The largest number from 0 to {@code most} that is allowed; -1 if none is. */
    private static int largest(int most, IntPredicate allowed) {
        int low = -1;
        int high = most;
        while (low < high) {
            int middle = Math.floorDiv(low + high + 1, 2);
            if (allowed.test(middle)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
