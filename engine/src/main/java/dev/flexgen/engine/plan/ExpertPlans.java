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
     * Who computes what: home and what it holds, the experts on the GPU, those elsewhere and those elsewhere for prompts.
     *
     * @param fetched share of the experts that a token chooses in host memory that the GPU fetches
     */
    private record Devices(Tier tier, int home, int gpu, int processor, int prompts, double fetched) {}

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
        return withHost(new Devices(Tier.HOST, processor, processor, processor, processor, 0), 0);
    }

    /** Empty if host memory is too small, and there is no disk. */
    Optional<Plan> forGpu(int gpu, int processor, CostModel cost) {
        double even =
                mostChosen() * cost.streamedShare(planner.workload().token().rows());
        Set<Double> shares = new TreeSet<>(Set.of(0.0));
        int parts = (int) (PARTS * even);
        for (int near = parts - NEAR; near <= parts + NEAR + 1; near++) {
            shares.add(Math.clamp((double) near / (PARTS * mostChosen()), 0, 1));
        }
        return Stream.of(gpu, processor)
                .flatMap(prompts ->
                        shares.stream().map(fetched -> new Devices(Tier.GPU, gpu, gpu, processor, prompts, fetched)))
                .flatMap(devices -> forGpu(devices).stream())
                .min(Comparator.comparingDouble(plan -> seconds(cost, plan)));
    }

    private double seconds(CostModel cost, Plan plan) {
        Footprint footprint = planner.meter().of(plan);
        Workload workload = planner.workload();
        return workload.isJob()
                ? workload.seconds(cost, plan, footprint)
                : ExpectedTurn.seconds(cost, plan, footprint, workload.drafted());
    }

    private Optional<Plan> forGpu(Devices devices) {
        int all = ranking.size();
        int processor = devices.processor();
        Devices onlyHost = new Devices(Tier.HOST, processor, devices.gpu(), processor, processor, 0);
        int onGpu = largest(all, count -> planner.fitsGpu(planner.meter().of(plan(devices, count, all))));
        return onGpu < 0 ? withHost(onlyHost, 0) : withHost(devices, onGpu);
    }

    private Optional<Plan> withHost(Devices devices, int onGpu) {
        int others = ranking.size() - onGpu;
        int inHost = largest(others, count -> planner.fitsHost(planner.meter().of(plan(devices, onGpu, count))));
        return inHost < 0 || (inHost < others && !planner.budget().disk())
                ? Optional.empty()
                : Optional.of(plan(devices, onGpu, inHost));
    }

    private Plan plan(Devices devices, int onGpu, int inHost) {
        Tier tier = devices.tier();
        int home = devices.home();
        ModelSpec spec = planner.spec();
        List<List<Place>> experts = places(
                List.of(onGpu, inHost),
                new Place(Tier.GPU, devices.gpu(), devices.gpu(), Access.RESIDENT),
                new Place(Tier.HOST, devices.processor(), devices.prompts(), Access.RESIDENT),
                new Place(Tier.DISK, devices.processor(), devices.prompts(), Access.ON_DEMAND));
        List<Shard> heads = List.of(new Shard(0, spec.keyHeads(), tier, home, Access.RESIDENT));
        List<LayerPlan> layers = new ArrayList<>();
        for (int i = 0; i < spec.layers(); i++) {
            FeedForwardSpec network = spec.block(i).feedForward();
            List<Shard> neurons = network.neurons() == 0
                    ? List.of()
                    : List.of(new Shard(0, network.neurons(), tier, home, Access.RESIDENT));
            double fetched = network.experts() == 0 ? 0 : devices.fetched();
            layers.add(new LayerPlan(home, heads, neurons, neurons, shards(experts.get(i)), fetched));
        }
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), tier, home, Access.RESIDENT));
        return new Plan(home, layers, head, Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
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

    /** Of each layer's experts: as many as {@code counts} says in each of the first places, and the others in the last. */
    private List<List<Place>> places(List<Integer> counts, Place... places) {
        List<List<Place>> layers = new ArrayList<>();
        for (int i = 0; i < planner.spec().layers(); i++) {
            int count = planner.spec().block(i).feedForward().experts();
            layers.add(new ArrayList<>(Collections.nCopies(count, places[places.length - 1])));
        }
        int next = 0;
        for (int i = 0; i < counts.size(); i++) {
            for (int end = Math.min(next + counts.get(i), ranking.size()); next < end; next++) {
                Expert expert = ranking.get(next);
                layers.get(expert.layer()).set(expert.index(), places[i]);
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
