package dev.flexgen.engine.exec;

import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.Component;
import dev.flexgen.engine.plan.LayerPlan;
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

    private static final int PARTS = LayerPlan.EXPERT_PARTS;

    /**
     * What a device has to do with an expert.
     *
     * @param from its first part of {@link LayerPlan#EXPERT_PARTS} that the rows pass through
     * @param to behind the last
     */
    record Task(int from, int to, Routing.Share share) {}

    private final Routing routing;

    /** Of each divided expert, what is fetched for whom. */
    private final List<List<Task>> fetched;

    /** What the processor computes of it. */
    private final List<List<Task>> kept;

    private ExpertDivision(Routing routing) {
        this.routing = routing;
        this.fetched = new ArrayList<>(Collections.nCopies(routing.experts(), List.of()));
        this.kept = new ArrayList<>(Collections.nCopies(routing.experts(), List.of()));
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
        Arrays.setAll(
                left, row -> fetched(PARTS * chosen[row], fetching.getFirst().share()));
        for (Entry entry : fetching) {
            for (int expert = entry.shard().from(); expert < entry.shard().to(); expert++) {
                Routing.Share share = routing.of(expert);
                int[] parts = new int[share.rows().length];
                for (int i = 0; i < parts.length; i++) {
                    int row = share.rows()[i];
                    parts[i] = Math.min(PARTS, left[row]);
                    left[row] -= parts[i];
                }
                fetched.set(expert, tasks(share, parts, true));
                kept.set(expert, tasks(share, parts, false));
            }
        }
    }

    /** Rows of which the same parts are fetched, or computed in place, are one task. */
    private static List<Task> tasks(Routing.Share share, int[] parts, boolean fetched) {
        List<Task> tasks = new ArrayList<>(1);
        for (int cut = fetched ? 1 : 0; cut < (fetched ? PARTS + 1 : PARTS); cut++) {
            Routing.Share some = where(share, parts, cut);
            if (some.rows().length > 0) {
                tasks.add(fetched ? new Task(0, cut, some) : new Task(cut, PARTS, some));
            }
        }
        return tasks;
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
    private static Routing.Share where(Routing.Share share, int[] parts, int cut) {
        int count = (int) Arrays.stream(parts).filter(it -> it == cut).count();
        if (count == parts.length) {
            return share;
        }
        int[] rows = new int[count];
        float[] weights = new float[count];
        int next = 0;
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] == cut) {
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
        return all.rows().length == 0 ? List.of() : List.of(new Task(0, PARTS, all));
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
                if (!of(entry, expert).isEmpty()) {
                    return true;
                }
            }
        }
        return false;
    }
}
