package dev.flexgen.engine.plan;

import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.FeedForwardSpec;
import dev.flexgen.engine.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Plans for models with experts. What every token reads (attention, routers, networks that all tokens pass through, the head) is
 * kept on the GPU, if there is one with room for it; then as many experts of each layer as fit there, as many of the others as fit
 * host memory, where the processor computes them, and the rest on disk, from where those that are chosen are read.
 */
record ExpertPlans(Planner planner) {

    static boolean hasExperts(ModelSpec spec) {
        return spec.stack().runs().stream()
                .anyMatch(run -> run.block().feedForward().experts() > 0);
    }

    /** Most experts of a layer. */
    private int most() {
        return planner.spec().stack().runs().stream()
                .mapToInt(run -> run.block().feedForward().experts())
                .max()
                .orElse(0);
    }

    /** With a disk; empty if not even what every token reads fits host memory. */
    Optional<Plan> forProcessor(int processor) {
        return withHost(Tier.HOST, processor, processor, processor, 0);
    }

    /** Empty if host memory is too small, and there is no disk. */
    Optional<Plan> forGpu(int gpu, int processor) {
        int onGpu = largest(
                most(),
                count -> planner.fitsGpu(planner.meter().of(plan(Tier.GPU, gpu, gpu, processor, count, most()))));
        return onGpu < 0
                ? withHost(Tier.HOST, processor, gpu, processor, 0)
                : withHost(Tier.GPU, gpu, gpu, processor, onGpu);
    }

    private Optional<Plan> withHost(Tier tier, int home, int gpu, int processor, int onGpu) {
        int inHost = largest(
                most() - onGpu,
                count -> planner.fitsHost(planner.meter().of(plan(tier, home, gpu, processor, onGpu, count))));
        boolean all = inHost == most() - onGpu;
        return inHost < 0 || (!all && !planner.budget().disk())
                ? Optional.empty()
                : Optional.of(plan(tier, home, gpu, processor, onGpu, inHost));
    }

    private Plan plan(Tier tier, int home, int gpu, int processor, int onGpu, int inHost) {
        ModelSpec spec = planner.spec();
        List<Shard> heads = List.of(new Shard(0, spec.keyHeads(), tier, home, Access.RESIDENT));
        List<LayerPlan> layers = new ArrayList<>();
        for (int i = 0; i < spec.layers(); i++) {
            FeedForwardSpec network = spec.block(i).feedForward();
            List<Shard> neurons = new ArrayList<>();
            add(neurons, network.neurons(), tier, home, Access.RESIDENT);
            List<Shard> experts = new ArrayList<>();
            int count = network.experts();
            add(experts, Math.min(count, onGpu), Tier.GPU, gpu, Access.RESIDENT);
            add(experts, Math.min(count, onGpu + inHost), Tier.HOST, processor, Access.RESIDENT);
            add(experts, count, Tier.DISK, processor, Access.ON_DEMAND);
            layers.add(new LayerPlan(home, heads, neurons, neurons, experts));
        }
        List<Shard> head = List.of(new Shard(0, spec.vocabulary(), tier, home, Access.RESIDENT));
        return new Plan(home, layers, head, Plan.COMPUTE_BOUND_TOKENS, Plan.RING_SLOTS);
    }

    /** What follows the last shard, up to {@code to}. */
    private static void add(List<Shard> shards, int to, Tier tier, int device, Access access) {
        int from = shards.isEmpty() ? 0 : shards.getLast().to();
        if (to > from) {
            shards.add(new Shard(from, to, tier, device, access));
        }
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
