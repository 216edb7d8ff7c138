package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.transfer.ExpertFetcher;
import dev.flexgen.engine.weights.ExpertsLayout;
import dev.flexgen.engine.weights.WeightLocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Experts of a layer that are brought to a device because some rows chose them. As many as there are slots are on their way before the
 * first is computed. Each is an operation of its own: together, the order of a row's sums would depend on what other rows chose.
 * Owned by the engine's thread.
 */
final class ExpertsOnDemand {

    /** Where all are in the device's memory. */
    static final ExpertsOnDemand NONE = new ExpertsOnDemand();

    /** One expert, or some of its neurons: where it is kept, and what it has to do. */
    record Wanted(ExpertsLayout.ExpertLayout layout, WeightLocation location, ExpertDivision.Task task) {

        private int from() {
            return layout.neuron(task.from());
        }

        private int to() {
            return layout.neuron(task.to());
        }

        RoutedExpert in(MemorySegment expert) {
            return ExpertSublayer.routed(layout.in(expert, from(), to()), task.share());
        }

        MemorySegment ask(ExpertFetcher fetcher) {
            return fetcher.ask(location, layout.pieces(from(), to()));
        }
    }

    private final @Nullable ExpertFetcher fetcher;
    private final List<Wanted> wanted;
    private final Queue<RoutedExpert> coming = new ArrayDeque<>();
    private int asked;

    private ExpertsOnDemand() {
        fetcher = null;
        wanted = List.of();
    }

    /** Asks for the first. */
    ExpertsOnDemand(ExpertFetcher fetcher, List<Wanted> wanted) {
        this.fetcher = fetcher;
        this.wanted = wanted;
        fetcher.begin();
        ask(fetcher);
    }

    private void ask(ExpertFetcher fetcher) {
        for (; asked < wanted.size() && fetcher.hasFreeSlot(); asked++) {
            Wanted next = wanted.get(asked);
            coming.add(next.in(next.ask(fetcher)));
        }
    }

    boolean hasNext() {
        return !coming.isEmpty();
    }

    /** The next expert, for operations asked for from now on; {@link #done} follows. */
    RoutedExpert next() {
        fetcher().take();
        return coming.remove();
    }

    /** The operations that use the expert have been asked for. */
    void done() {
        fetcher().done();
        ask(fetcher());
    }

    private ExpertFetcher fetcher() {
        return Objects.requireNonNull(fetcher, "nothing was asked for");
    }
}
