package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The devices that compute a model together: home, where the residual stream lives, and the others with their links to it. */
final class DeviceGroup implements AutoCloseable {

    /** A device that sends its partial sums home. */
    record Member(Worker worker, PartialSums partialSums) {}

    private final Worker home;
    private final List<Member> others;
    private final @Nullable HostAttention hostAttention;

    /**
     * Takes over all of them.
     *
     * @param others in the order of the plan's devices, from 1 on
     * @param hostAttention if home multiplies for others
     */
    DeviceGroup(Worker home, List<Member> others, @Nullable HostAttention hostAttention) {
        this.home = home;
        this.others = List.copyOf(others);
        this.hostAttention = hostAttention;
    }

    Worker home() {
        return home;
    }

    /** The worker of one of the plan's devices. */
    Worker worker(int device) {
        return device == 0 ? home : others.get(device - 1).worker();
    }

    /** Those beside home that multiply with one of the blocks. */
    List<Member> others(List<? extends WeightBlock<?>> blocks, Regime regime) {
        List<Member> busy = new ArrayList<>(others.size());
        for (Member member : others) {
            for (WeightBlock<?> block : blocks) {
                if (member.worker().multiplies(block, regime)) {
                    busy.add(member);
                    break;
                }
            }
        }
        return busy;
    }

    HostAttention hostAttention() {
        if (hostAttention == null) {
            throw new IllegalStateException("the plan has no shard that home multiplies for others");
        }
        return hostAttention;
    }

    /** A step begins. */
    void begin(Regime regime) {
        home.begin(regime);
        others.forEach(member -> member.worker().begin(regime));
    }

    /** Waits for all that a cancelled step asked for. */
    void settle() {
        home.settle();
        others.forEach(member -> member.worker().settle());
    }

    /** Waits for all that a step asked for before it broke off with {@code failure}. */
    void settle(Throwable failure) {
        settle(home, failure);
        others.forEach(member -> settle(member.worker(), failure));
    }

    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    private static void settle(Worker worker, Throwable failure) {
        try {
            worker.settle();
        } catch (RuntimeException e) {
            if (e != failure) {
                failure.addSuppressed(e);
            }
        }
    }

    @Override
    public void close() {
        try (Resources resources = new Resources()) {
            resources.keep(home);
            for (Member member : others) {
                resources.keep(member.worker());
                resources.keep(member.partialSums());
            }
            if (hostAttention != null) {
                resources.keep(hostAttention);
            }
        }
    }
}
