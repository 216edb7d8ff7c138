package dev.flexgen.engine.exec;

import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Who computes the experts that the rows of a step have chosen. Experts that the processor holds may be divided with a GPU that fetches
 * them: of those that a row chose, the first are fetched, as many as make both finish soonest. Each row is divided for itself, so its
 * result does not depend on others. Owned by the engine's thread.
 */
final class ExpertDivision {

    private static final Routing.Share NOTHING = new Routing.Share(new int[0], new float[0]);

    private final Routing routing;

    /** Of each divided expert, the rows for which it is fetched, and the others. */
    private final Routing.Share[] fetched;

    private final Routing.Share[] kept;

    private ExpertDivision(Routing routing) {
        this.routing = routing;
        this.fetched = new Routing.Share[routing.experts()];
        this.kept = new Routing.Share[routing.experts()];
        Arrays.fill(fetched, NOTHING);
        Arrays.fill(kept, NOTHING);
    }

    /**
     * Divides what was chosen.
     *
     * @param sublayer tasks of the layer
     * @param rows of the step
     */
    static ExpertDivision of(Routing routing, List<DeviceTasks> sublayer, int rows) {
        ExpertDivision division = new ExpertDivision(routing);
        List<Entry> fetching = sublayer.stream()
                .flatMap(tasks -> tasks.entries().stream())
                .filter(entry -> entry.divided() && entry.access() == Access.ON_DEMAND)
                .toList();
        if (!fetching.isEmpty()) {
            division.divide(fetching, rows);
        }
        return division;
    }

    private void divide(List<Entry> fetching, int rows) {
        int[] chosen = new int[rows];
        for (Entry entry : fetching) {
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                for (int row : routing.of(expert).rows()) {
                    chosen[row]++;
                }
            }
        }
        int[] left = new int[rows];
        Arrays.setAll(left, row -> fetched(chosen[row], fetching.getFirst().share()));
        for (Entry entry : fetching) {
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                Routing.Share share = routing.of(expert);
                boolean[] first = new boolean[share.rows().length];
                for (int i = 0; i < first.length; i++) {
                    first[i] = left[share.rows()[i]]-- > 0;
                }
                fetched[expert] = part(share, first, true);
                kept[expert] = part(share, first, false);
            }
        }
    }

    /**
     * Of {@code experts} as many as are fetched while the others are computed, so that the later one is done as early as possible.
     *
     * @param share that is fetched in the same time as the rest is computed
     */
    static int fetched(int experts, double share) {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int count = 0; count <= experts; count++) {
            double seconds = Math.max(count / share, (experts - count) / (1 - share));
            if (seconds < least) {
                least = seconds;
                best = count;
            }
        }
        return best;
    }

    private static Routing.Share part(Routing.Share share, boolean[] first, boolean wanted) {
        int count = 0;
        for (boolean it : first) {
            count += it == wanted ? 1 : 0;
        }
        if (count == first.length) {
            return share;
        }
        int[] rows = new int[count];
        float[] weights = new float[count];
        int next = 0;
        for (int i = 0; i < first.length; i++) {
            if (first[i] == wanted) {
                rows[next] = share.rows()[i];
                weights[next++] = share.weights()[i];
            }
        }
        return new Routing.Share(rows, weights);
    }

    /** What an expert has to do on the entry's device; no rows if nothing. */
    Routing.Share of(Entry entry, int expert) {
        if (!entry.divided()) {
            return routing.of(expert);
        }
        return (entry.access() == Access.ON_DEMAND ? fetched : kept)[expert];
    }

    /** What is left of a sublayer's tasks: devices all of whose experts nobody chose have nothing to do. */
    List<DeviceTasks> needed(List<DeviceTasks> sublayer) {
        List<DeviceTasks> needed = new ArrayList<>(sublayer.size());
        for (DeviceTasks tasks : sublayer) {
            if (isNeeded(tasks)) {
                needed.add(tasks);
            }
        }
        return needed;
    }

    private boolean isNeeded(DeviceTasks tasks) {
        for (Entry entry : tasks.entries()) {
            if (entry.block().component() != Component.EXPERTS) {
                return true;
            }
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                if (of(entry, expert).rows().length > 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
