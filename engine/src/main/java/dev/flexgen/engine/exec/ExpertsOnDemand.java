package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.transfer.ExpertFetcher;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Experts of a layer that are brought to a device because some rows chose them, in groups that fit the fetcher's slots. As many groups
 * as there are slots are on their way before the first is computed. Owned by the engine's thread.
 */
final class ExpertsOnDemand {

    /** Where all are in the device's memory. */
    static final ExpertsOnDemand NONE = new ExpertsOnDemand();

    /** One expert, where it is kept and what it has to do. */
    record Wanted(ExpertsLayout.ExpertLayout one, WeightLocation location, Routing.Share share) {}

    private final @Nullable ExpertFetcher fetcher;
    private final List<Wanted> wanted;
    private final Queue<List<RoutedExpert>> coming = new ArrayDeque<>();
    private int asked;

    private ExpertsOnDemand() {
        fetcher = null;
        wanted = List.of();
    }

    /** Asks for the first groups. */
    ExpertsOnDemand(ExpertFetcher fetcher, List<Wanted> wanted) {
        this.fetcher = fetcher;
        this.wanted = wanted;
        fetcher.begin();
        while (asked < wanted.size() && fetcher.hasFreeGroup()) {
            ask(fetcher);
        }
    }

    private void ask(ExpertFetcher fetcher) {
        List<Wanted> group = wanted.subList(asked, Math.min(asked + fetcher.groupSize(), wanted.size()));
        List<MemorySegment> slots =
                fetcher.ask(group.stream().map(Wanted::location).toList());
        List<RoutedExpert> experts = new ArrayList<>(group.size());
        for (int i = 0; i < group.size(); i++) {
            experts.add(ExpertSublayer.routed(
                    group.get(i).one().in(slots.get(i)), group.get(i).share()));
        }
        coming.add(experts);
        asked += group.size();
    }

    boolean hasNext() {
        return !coming.isEmpty();
    }

    /** The next group, for operations asked for from now on; {@link #done} follows. */
    List<RoutedExpert> next() {
        fetcher().take();
        return coming.remove();
    }

    /** The operations that use the group have been asked for. */
    void done() {
        fetcher().done();
        if (asked < wanted.size()) {
            ask(fetcher());
        }
    }

    private ExpertFetcher fetcher() {
        return Objects.requireNonNull(fetcher, "nothing was asked for");
    }
}
