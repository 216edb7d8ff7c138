package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Experts with weights in groups, those of a layer together: a launch for their neurons, one for their down projections, and one that
 * adds up. Up to 16 rows do not depend on each other, to the bit. Owned by the thread that owns the device.
 */
final class CudaExperts {

    /** {@code EXPERT_TASKS} and {@code EXPERT_ROWS} in projection.cuh. */
    private static final int TASKS = 56;

    private static final int ROWS = 4;

    private static final int TASK_BYTES = 3 * 8 + ROWS * (4 + 4) + 8;
    private static final int SLOTS_AT = 3 * 8;
    private static final int WEIGHTS_AT = SLOTS_AT + 4 * ROWS;
    private static final int COUNT_AT = WEIGHTS_AT + 4 * ROWS;

    /** {@code IDS} in rows.cu: rows that a launch adds up. */
    private static final int IDS = 512;

    /** With more rows for each expert, tensor cores that decode its weights once are faster. */
    private static final int MOST_ROWS = 32;

    private static final int THREADS = 256;

    /** Columns of a tile of a down projection, and of the sums: see groupdown.cu and rows.cu. */
    private static final int DOWN_TILE = 512;

    private static final int SUM_TILE = 128;

    /** Neurons of a down projection that are worth a block. */
    private static final int LEAST_RANGE = 64;

    /** Blocks of down projections for each multiprocessor, if so many experts are chosen on this device. */
    private static final int DOWN_BLOCKS = 2;

    private static final int USUAL_EXPERTS = 4;

    /**
     * What at most {@link #ROWS} rows want of an expert.
     *
     * @param from the first of them among the expert's
     */
    private record Task(RoutedExpert expert, int from, int count) {}

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Kernel up;
    private final Kernel downOne;
    private final Kernel downFour;
    private final Kernel sums;

    CudaExperts(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.up = new Kernel(
                launcher, "groupup_experts", THREADS, GroupUpMemory.mostBytes(launcher.computeCapability(), ROWS));
        this.downOne = new Kernel(launcher, "groupdown_experts_1", THREADS, 0);
        this.downFour = new Kernel(launcher, "groupdown_experts_4", THREADS, 0);
        this.sums = new Kernel(launcher, "rows_sums", THREADS, 0);
    }

    /**
     * As {@link dev.flexgen.engine.device.Ops#experts}.
     *
     * @param activation as kernels number it
     * @return false where they are not in groups, some have fewer neurons than others, or too many rows chose each of them
     */
    boolean compute(int activation, List<RoutedExpert> experts, Rows in, Rows out) {
        ShapeChecks.rows(in, out);
        Matrix down = experts.getFirst().down();
        Matrix first = experts.getFirst().projections().getFirst().weight();
        if (!(first.encoding() instanceof Grouped upEncoding) || !(down.encoding() instanceof Grouped)) {
            return false;
        }
        if (experts.stream().anyMatch(expert -> expert.down().rows() != down.rows())) {
            return false;
        }
        int pairs = 0;
        for (RoutedExpert expert : experts) {
            check(expert, first, down, in);
            pairs += expert.rows().length;
        }
        if (in.count() > CudaSkinnyMatmul.MOST && pairs > MOST_ROWS * experts.size()) {
            return false;
        }
        int range = range(down, in.count());
        int ranges = Math.ceilDiv(down.rows(), range);
        int slots = mostChosen(experts, in.count());
        long rowBytes = 4L * slots * Math.max(down.rows(), (long) ranges * padded(down.columns()));
        int atOnce = (int) Math.min(Math.min(in.count(), IDS), scratch.halfBytes() / rowBytes);
        if (atOnce == 0) {
            return false;
        }
        for (int from = 0; from < in.count(); from += atOnce) {
            int count = Math.min(atOnce, in.count() - from);
            List<RoutedExpert> some = slice(experts, from, count);
            if (!some.isEmpty()) {
                compute(activation, upEncoding, some, range, in.slice(from, count), out.slice(from, count));
            }
        }
        return true;
    }

    private void compute(int activation, Grouped upEncoding, List<RoutedExpert> experts, int range, Rows in, Rows out) {
        Matrix down = experts.getFirst().down();
        int[] chosen = new int[in.count()];
        int slots = mostChosen(experts, in.count());
        int ranges = Math.ceilDiv(down.rows(), range);
        List<Task> tasks = tasks(experts);
        for (int from = 0; from < tasks.size(); from += TASKS) {
            List<Task> some = tasks.subList(from, Math.min(from + TASKS, tasks.size()));
            int[] before = chosen.clone();
            neurons(activation, upEncoding, some, slots, chosen, in);
            down((Grouped) down.encoding(), some, slots, before, range);
        }
        arguments.clear().pointer(out.data()).address(scratch.partials());
        arguments.number(slots * ranges).number(ranges);
        arguments.number(down.columns()).number(padded(down.columns()));
        MemorySegment.copy(chosen, 0, arguments.structure(4 * IDS), ValueLayout.JAVA_INT, 0, chosen.length);
        sums.launch(DType.F32, Math.ceilDiv(down.columns(), SUM_TILE), in.count(), 1, arguments);
    }

    private void neurons(int activation, Grouped encoding, List<Task> tasks, int slots, int[] chosen, Rows in) {
        int neurons = tasks.getFirst().expert().down().rows();
        int most = tasks.stream().mapToInt(Task::count).max().orElseThrow();
        GroupUpMemory memory =
                GroupUpMemory.of(launcher.computeCapability(), encoding, encoding.groups(in.width()), most, ROWS);
        arguments.clear().pointer(in.data()).pointer(scratch.activations()).number(slots);
        arguments.number(in.width()).number(neurons).number(activation);
        arguments.number(memory.whole() ? 1 : 0).number(memory.room());
        describe(tasks, slots, chosen);
        int tiles = Math.ceilDiv(neurons, GroupUpMemory.ROWS);
        up.launch(encoding, tiles, tasks.size(), 1, THREADS, memory.bytes(), arguments);
    }

    private void down(Grouped encoding, List<Task> tasks, int slots, int[] chosen, int range) {
        Matrix down = tasks.getFirst().expert().down();
        int ranges = Math.ceilDiv(down.rows(), range);
        arguments.clear().pointer(scratch.activations()).address(scratch.partials());
        arguments.number(down.rows()).number(down.columns()).number(range);
        arguments.number(CudaSkinnyMatmul.fetched(launcher, down, range, ranges * tasks.size()));
        describe(tasks, slots, chosen);
        Kernel kernel = tasks.stream().allMatch(task -> task.count() == 1) ? downOne : downFour;
        kernel.launch(encoding, Math.ceilDiv(down.columns(), DOWN_TILE), ranges, tasks.size(), arguments);
    }

    /** Appends {@code ExpertTasks}. Slots of a row are numbered in the order of its experts, from {@code chosen} on. */
    private void describe(List<Task> tasks, int slots, int[] chosen) {
        MemorySegment structure = arguments.structure(TASK_BYTES * TASKS);
        for (int i = 0; i < tasks.size(); i++) {
            Task task = tasks.get(i);
            RoutedExpert expert = task.expert();
            long at = (long) i * TASK_BYTES;
            for (int m = 0; m < 2; m++) {
                long matrix = expert.projections().get(m).weight().data().address();
                structure.set(ValueLayout.JAVA_LONG, at + 8L * m, matrix);
            }
            structure.set(ValueLayout.JAVA_LONG, at + 16, expert.down().data().address());
            for (int r = 0; r < task.count(); r++) {
                int row = expert.rows()[task.from() + r];
                structure.set(ValueLayout.JAVA_INT, at + SLOTS_AT + 4L * r, row * slots + chosen[row]++);
                structure.set(ValueLayout.JAVA_FLOAT, at + WEIGHTS_AT + 4L * r, expert.weights()[task.from() + r]);
            }
            structure.set(ValueLayout.JAVA_INT, at + COUNT_AT, task.count());
        }
    }

    private static List<Task> tasks(List<RoutedExpert> experts) {
        List<Task> tasks = new ArrayList<>();
        for (RoutedExpert expert : experts) {
            for (int from = 0; from < expert.rows().length; from += ROWS) {
                tasks.add(new Task(expert, from, Math.min(ROWS, expert.rows().length - from)));
            }
        }
        return tasks;
    }

    /**
     * Neurons for a block of a down projection. It decides the order of sums, so the number of a few rows has no part in it; many rows
     * have blocks enough.
     */
    private int range(Matrix down, int rows) {
        if (rows > CudaSkinnyMatmul.MOST) {
            return down.rows();
        }
        int blocks = Math.ceilDiv(down.columns(), DOWN_TILE) * USUAL_EXPERTS;
        int ranges = Math.max(1, DOWN_BLOCKS * launcher.multiprocessors() / blocks);
        return Math.max(Math.ceilDiv(down.rows(), ranges), Math.min(down.rows(), LEAST_RANGE));
    }

    /** What is left of the experts for some rows, which are numbered from 0 on. */
    private static List<RoutedExpert> slice(List<RoutedExpert> experts, int first, int count) {
        List<RoutedExpert> slice = new ArrayList<>();
        for (RoutedExpert expert : experts) {
            int from = place(expert.rows(), first);
            int to = place(expert.rows(), first + count);
            if (from < to) {
                int[] rows = Arrays.copyOfRange(expert.rows(), from, to);
                for (int i = 0; i < rows.length; i++) {
                    rows[i] -= first;
                }
                float[] weights = Arrays.copyOfRange(expert.weights(), from, to);
                slice.add(new RoutedExpert(expert.projections(), expert.down(), rows, weights));
            }
        }
        return slice;
    }

    /** Of the first row from {@code row} on. */
    private static int place(int[] rows, int row) {
        int place = Arrays.binarySearch(rows, row);
        return place < 0 ? -place - 1 : place;
    }

    private static int mostChosen(List<RoutedExpert> experts, int count) {
        int[] chosen = new int[count];
        int most = 0;
        for (RoutedExpert expert : experts) {
            for (int row : expert.rows()) {
                most = Math.max(most, ++chosen[row]);
            }
        }
        return most;
    }

    private static int padded(int columns) {
        return Math.ceilDiv(columns, 4) * 4;
    }

    private static void check(RoutedExpert expert, Matrix first, Matrix down, Rows in) {
        for (Linear linear : expert.projections()) {
            ShapeChecks.weights(linear.weight());
            same(linear.weight(), first);
            ShapeChecks.same("input width", in.width(), linear.weight().columns());
            ShapeChecks.same("neurons", linear.weight().rows(), down.rows());
            if (linear.bias() != null) {
                throw new IllegalArgumentException("the projections of experts have no bias");
            }
        }
        ShapeChecks.weights(expert.down());
        same(expert.down(), down);
        ShapeChecks.same("output width", in.width(), down.columns());
        ShapeChecks.same("weights", expert.weights().length, expert.rows().length);
        for (int row : expert.rows()) {
            if (row < 0 || row >= in.count()) {
                throw new IllegalArgumentException("row " + row + " of " + in.count());
            }
        }
    }

    private static void same(Matrix matrix, Matrix other) {
        ShapeChecks.same("rows", matrix.rows(), other.rows());
        ShapeChecks.same("columns", matrix.columns(), other.columns());
        if (!matrix.encoding().equals(other.encoding())) {
            throw new IllegalArgumentException("experts in " + matrix.encoding() + " and " + other.encoding());
        }
    }
}
