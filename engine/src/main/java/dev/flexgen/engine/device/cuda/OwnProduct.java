package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Our own products of many tokens with plain weights: on tensor cores, for activations that have been rounded, or by FMA. Owned by
 * the thread that owns the device.
 */
final class OwnProduct {

    private static final int TILE_OUTPUTS = 128;
    private static final int STEP_INPUTS = 32;
    private static final int STAGES = 4;

    /** Inputs that are worth a block of their own when they are split. */
    private static final int LEAST_RANGE = 256;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Layout up;
    private final Layout down;

    /** The kernels for one of the two layouts of weights. */
    private record Layout(Kernel small, Kernel large, Kernel any) {

        static Layout of(KernelLauncher launcher, String name) {
            return new Layout(
                    new Kernel(launcher, "product_" + name + "_64", 128, sharedBytes(64)),
                    new Kernel(launcher, "product_" + name + "_128", 128, sharedBytes(128)),
                    new Kernel(launcher, "product_" + name + "_any", 256, 0));
        }

        private static int sharedBytes(int tileTokens) {
            return STAGES * (tileTokens + TILE_OUTPUTS) * STEP_INPUTS * 2;
        }
    }

    OwnProduct(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.up = Layout.of(launcher, "up");
        this.down = Layout.of(launcher, "down");
    }

    /**
     * {@code out[t][first + r] = activation(in[t] . weight[r] + bias[r])}.
     *
     * @param rounded the rows in the weight's type, or null to take them as they are
     */
    void up(Linear linear, int activation, Rows in, @Nullable MemorySegment rounded, Rows out, int first) {
        Matrix weight = linear.weight();
        long inputs = rounded == null ? in.data().address() : rounded.address();
        long target = out.data().address() + 4L * first;
        Task task = new Task(
                weight,
                linear.bias(),
                activation,
                in.count(),
                weight.columns(),
                weight.rows(),
                inputs,
                target,
                in.width(),
                out.width());
        run(up, task, rounded != null);
    }

    /**
     * {@code out[t] += sum over n of in[t][first + n] * weight[n]}.
     *
     * @param rounded as for {@link #up}
     */
    void down(Matrix weight, Rows in, @Nullable MemorySegment rounded, int first, Rows out) {
        long inputs = rounded == null ? in.data().address() + 4L * first : rounded.address() + 2L * first;
        Task task = new Task(
                weight,
                null,
                0,
                in.count(),
                weight.rows(),
                weight.columns(),
                inputs,
                out.data().address(),
                in.width(),
                out.width());
        run(down, task, rounded != null);
    }

    /** Addresses, and numbers from one row to the next, of inputs and outputs. */
    private record Task(
            Matrix weight,
            @Nullable MemorySegment bias,
            int activation,
            int tokens,
            int inputs,
            int outputs,
            long in,
            long out,
            int inWidth,
            int outWidth) {}

    private void run(Layout layout, Task task, boolean tensorCores) {
        if (tensorCores) {
            tensorCores(layout, task);
        } else {
            any(layout, task);
        }
    }

    private void tensorCores(Layout layout, Task task) {
        int multiprocessors = launcher.multiprocessors();
        int tokens = task.tokens();
        int across = Math.ceilDiv(task.outputs(), TILE_OUTPUTS);
        boolean large = tokens > 64 && Math.ceilDiv(tokens, 128) * across > multiprocessors / 2;
        int tileTokens = large ? 128 : 64;
        int tiles = Math.ceilDiv(tokens, tileTokens) * across;
        long partialBytes = 4L * tileTokens * TILE_OUTPUTS * tiles;
        long ranges = Math.min(2L * multiprocessors / tiles, scratch.halfBytes() / partialBytes);
        ranges = tiles > DeviceScratch.COUNTERS ? 1 : Math.clamp(ranges, 1, Math.ceilDiv(task.inputs(), LEAST_RANGE));
        int range = Math.ceilDiv(Math.ceilDiv(task.inputs(), (int) ranges), STEP_INPUTS) * STEP_INPUTS;
        start(task).address(scratch.partials()).address(scratch.counters());
        arguments.number(tokens).number(task.outputs()).number(task.inputs()).number(range);
        end(task);
        (large ? layout.large : layout.small)
                .launch(
                        task.weight().dtype(),
                        Math.ceilDiv(tokens, tileTokens),
                        across,
                        Math.ceilDiv(task.inputs(), range),
                        arguments);
    }

    private void any(Layout layout, Task task) {
        start(task).number(task.tokens()).number(task.outputs()).number(task.inputs());
        end(task);
        layout.any.launch(
                task.weight().dtype(), Math.ceilDiv(task.tokens(), 64), Math.ceilDiv(task.outputs(), 64), 1, arguments);
    }

    private KernelArguments start(Task task) {
        return arguments
                .clear()
                .address(task.in())
                .pointer(task.weight().data())
                .pointer(task.bias())
                .address(task.out());
    }

    private void end(Task task) {
        arguments.number(task.activation()).number(task.inWidth()).number(task.outWidth());
    }
}
