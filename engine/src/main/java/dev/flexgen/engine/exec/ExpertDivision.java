package dev.flexgen.engine.exec;

import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.Schedule.DeviceTasks;
import dev.flexgen.engine.plan.Schedule.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Who computes the experts that the rows of a step have chosen. Experts that the processor holds may be divided with a GPU that fetches
 * them: of those that a row chose, the first are fetched, as many as make both finish soonest, and of one of them perhaps only some
 * neurons. Each row is divided for itself, so its result does not depend on others. Owned by the engine's thread.
 */
final class ExpertDivision {

    /**
     * What a device has to do with an expert.
     *
     * @param from its first part that the rows pass through
     * @param to behind the last
     */
    record Task(int from, int to, Routing.Share share) {}

    private final Routing routing;
    private final int parts;

    /** Of each divided expert, what is fetched for whom. */
    private List<List<Task>> fetched = List.of();

    /** What the processor computes of it. */
    private List<List<Task>> kept = List.of();

    private ExpertDivision(Routing routing, int parts) {
        this.routing = routing;
        this.parts = parts;
    }

    /**
     * Divides what was chosen.
     *
     * @param sublayer tasks of the layer
     * @param rows of the step
     * @param parts into which an expert may be cut
     */
    static ExpertDivision of(Routing routing, List<DeviceTasks> sublayer, int rows, int parts) {
        ExpertDivision division = new ExpertDivision(routing, parts);
        List<Entry> fetching = new ArrayList<>();
        for (DeviceTasks tasks : sublayer) {
            for (Entry entry : tasks.entries()) {
                if (entry.divided() && entry.access() == Access.ON_DEMAND) {
                    fetching.add(entry);
                }
            }
        }
        if (!fetching.isEmpty()) {
            division.divide(fetching, rows);
        }
        return division;
    }

    private void divide(List<Entry> fetching, int rows) {
        fetched = new ArrayList<>(Collections.nCopies(routing.experts(), List.of()));
        kept = new ArrayList<>(Collections.nCopies(routing.experts(), List.of()));
        int[] chosen = new int[rows];
        for (Entry entry : fetching) {
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                for (int row : routing.of(expert).rows()) {
                    chosen[row]++;
                }
            }
        }
        int[] left = new int[rows];
        Arrays.setAll(
                left, row -> fetched(parts * chosen[row], fetching.getFirst().share()));
        for (Entry entry : fetching) {
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                Routing.Share share = routing.of(expert);
                if (share.rows().length == 0) {
                    continue; // most of them: this is done for every layer, while all devices wait
                }
                int[] cuts = new int[share.rows().length];
                for (int i = 0; i < cuts.length; i++) {
                    int row = share.rows()[i];
                    cuts[i] = Math.min(parts, left[row]);
                    left[row] -= cuts[i];
                }
                divide(expert, share, cuts);
            }
        }
    }

    /**
     * Rows of which the same parts are fetched, or computed in place, are one task.
     *
     * @param cuts for each row of {@code share} how many parts are fetched
     */
    private void divide(int expert, Routing.Share share, int[] cuts) {
        List<Task> toFetch = new ArrayList<>();
        List<Task> toKeep = new ArrayList<>();
        for (int cut = 0; cut <= parts; cut++) {
            Routing.Share some = cutAt(share, cuts, cut);
            if (some.rows().length > 0 && cut > 0) {
                toFetch.add(new Task(0, cut, some));
            }
            if (some.rows().length > 0 && cut < parts) {
                toKeep.add(new Task(cut, parts, some));
            }
        }
        fetched.set(expert, toFetch);
        kept.set(expert, toKeep);
    }

    /**
     * Of so many parts those that are fetched while the others are computed, so that the later one is done as early as possible.
     *
     * @param share that is fetched in the same time as the rest is computed
     */
    static int fetched(int parts, double share) {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int count = 0; count <= parts; count++) {
            double seconds = Math.max(count / share, (parts - count) / (1 - share));
            if (seconds < least) {
                least = seconds;
                best = count;
            }
        }
        return best;
    }

    /** The rows whose expert is cut there. */
    private static Routing.Share cutAt(Routing.Share share, int[] cuts, int cut) {
        int count = 0;
        for (int it : cuts) {
            count += it == cut ? 1 : 0;
        }
        if (count == cuts.length) {
            return share;
        }
        int[] rows = new int[count];
        float[] weights = new float[count];
        int next = 0;
        for (int i = 0; i < cuts.length; i++) {
            if (cuts[i] == cut) {
                rows[next] = share.rows()[i];
                weights[next++] = share.weights()[i];
            }
        }
        return new Routing.Share(rows, weights);
    }

    /** What has to be done with an expert on the entry's device. */
    List<Task> of(Entry entry, int expert) {
        if (entry.divided()) {
            return (entry.access() == Access.ON_DEMAND ? fetched : kept).get(expert);
        }
        Routing.Share all = routing.of(expert);
        return all.rows().length == 0 ? List.of() : List.of(new Task(0, parts, all));
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

    private boolean isNeeded(Entry entry, int expert) {
        return entry.divided()
                ? !of(entry, expert).isEmpty()
                : routing.of(expert).rows().length > 0;
    }

    private boolean isNeeded(DeviceTasks tasks) {
        for (Entry entry : tasks.entries()) {
            if (entry.block().component() != Component.EXPERTS) {
                return true;
            }
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                if (isNeeded(entry, expert)) {
                    return true;
                }
            }
        }
        return false;
    }
}
