package dev.flexgen.engine.run;

import dev.flexgen.engine.plan.Work;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The devices that compute a model together: home, where the residual stream lives, and the others with their links to it. */
final class Crew implements AutoCloseable {

    /** A device that sends its partial sums home. */
    record Member(Station station, Link link) {}

    private final Station home;
    private final List<Member> others;
    private final @Nullable Detour detour;

    /**
     * Takes over all of them.
     *
     * @param others in the order of the plan's devices, from 1 on
     * @param detour if home multiplies for others
     */
    Crew(Station home, List<Member> others, @Nullable Detour detour) {
        this.home = home;
        this.others = List.copyOf(others);
        this.detour = detour;
    }

    Station home() {
        return home;
    }

    /** The station of one of the plan's devices. */
    Station station(int device) {
        return device == 0 ? home : others.get(device - 1).station();
    }

    /** Those beside home that multiply with one of the blocks. */
    List<Member> others(List<? extends WeightBlock<?>> blocks, Work work) {
        List<Member> busy = new ArrayList<>(others.size());
        for (Member member : others) {
            for (WeightBlock<?> block : blocks) {
                if (member.station().multiplies(block, work)) {
                    busy.add(member);
                    break;
                }
            }
        }
        return busy;
    }

    Detour detour() {
        if (detour == null) {
            throw new IllegalStateException("the plan has no shard that home multiplies for others");
        }
        return detour;
    }

    /** A step begins. */
    void begin(Work work) {
        home.begin(work);
        others.forEach(member -> member.station().begin(work));
    }

    /** Waits for all that a step asked for before it broke off with {@code failure}. */
    void settle(Throwable failure) {
        settle(home, failure);
        others.forEach(member -> settle(member.station(), failure));
    }

    @SuppressWarnings("ReferenceEquality") // an exception cannot suppress itself
    private static void settle(Station station, Throwable failure) {
        try {
            station.settle();
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
                resources.keep(member.station());
                resources.keep(member.link());
            }
            if (detour != null) {
                resources.keep(detour);
            }
        }
    }
}
