package dev.flexgen.engine.plan;

import java.util.List;

/**
 * How one layer is cut.
 *
 * @param home index of the device where the residual stream is while it passes this layer
 * @param heads shards of its attention, in order and without gaps
 * @param up shards of the first half of its feed-forward block, likewise
 * @param down shards of the second half: the same neurons on the same devices, wherever the weights are
 * @param experts shards of its experts, in order and without gaps; none in a layer without experts
 * @param fetchedShare of the experts that a token chooses among the processor's in host memory, in memory-bound steps: what {@code home},
 *     a GPU, fetches and computes at the same time
 */
public record LayerPlan(
        int home, List<Shard> heads, List<Shard> up, List<Shard> down, List<Shard> experts, double fetchedShare) {

    /** Of a layer without experts. */
    public LayerPlan(int home, List<Shard> heads, List<Shard> up, List<Shard> down) {
        this(home, heads, up, down, List.of());
    }

    /** Every expert is computed by the device of its shard. */
    public LayerPlan(int home, List<Shard> heads, List<Shard> up, List<Shard> down, List<Shard> experts) {
        this(home, heads, up, down, experts, 0);
    }

    public LayerPlan {
        if (!(fetchedShare >= 0 && fetchedShare <= 1)) {
            throw new IllegalArgumentException("a share of " + fetchedShare + " is fetched");
        }
        experts = contiguous(experts);
        heads = contiguous(heads);
        up = contiguous(up);
        down = contiguous(down);
        if (up.size() != down.size()) {
            throw new IllegalArgumentException(up.size() + " shards of fc1, " + down.size() + " of fc2");
        }
        for (int i = 0; i < up.size(); i++) {
            if (!sameWork(up.get(i), down.get(i))) {
                throw new IllegalArgumentException(
                        "the halves of a neuron are computed by one device: " + up.get(i) + ", " + down.get(i));
            }
            if (up.get(i).access() == Access.MAPPED || up.get(i).access() == Access.ON_DEMAND) {
                throw new IllegalArgumentException("which neurons are active is known after fc1 only: " + up.get(i));
            }
        }
        for (Shard shard : heads) {
            if (shard.access() == Access.MAPPED || shard.access() == Access.ON_DEMAND) {
                throw new IllegalArgumentException("attention needs all its rows: " + shard);
            }
        }
        for (Shard shard : experts) {
            if (!readsWhole(shard)) {
                throw new IllegalArgumentException("experts are resident or read on demand: " + shard);
            }
        }
    }

    private static boolean readsWhole(Shard experts) {
        return experts.access() == Access.RESIDENT || experts.access() == Access.ON_DEMAND;
    }

    private static boolean sameWork(Shard up, Shard down) {
        return up.from() == down.from()
                && up.to() == down.to()
                && up.device() == down.device()
                && up.prefillDevice() == down.prefillDevice();
    }

    static List<Shard> contiguous(List<Shard> shards) {
        int next = 0;
        for (Shard shard : shards) {
            if (shard.from() != next) {
                throw new IllegalArgumentException("a shard starts at " + shard.from() + " instead of " + next);
            }
            next = shard.to();
        }
        return List.copyOf(shards);
    }

    /** The shards of a component. */
    public List<Shard> shards(Component component) {
        return switch (component) {
            case HEADS -> heads;
            case UP -> up;
            case DOWN -> down;
            case EXPERTS -> experts;
            case VOCABULARY -> List.of();
        };
    }
}
