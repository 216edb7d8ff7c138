package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Projections of many tokens, bound by arithmetic. For 16-bit weights the activations are rounded to their type first, as
 * tensor cores take them; the sums are F32. cuBLAS multiplies where there is one, our own kernels otherwise.
 */
final class CudaMatmul {

    private static final int TILE_OUTPUTS = 128;
    private static final int STEP_INPUTS = 32;
    private static final int STAGES = 4;

    /** Inputs that are worth a block of their own when they are split. */
    private static final int LEAST_RANGE = 256;

    private final KernelLauncher launcher;
    private final @Nullable MatrixProduct product;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Kernel narrow;
    private final Kernel bias;
    private final Layout up;
    private final Layout down;

    /** The own kernels for one of the two layouts of weights. */
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

    CudaMatmul(
            KernelLauncher launcher,
            @Nullable MatrixProduct product,
            KernelArguments arguments,
            DeviceScratch scratch) {
        this.launcher = launcher;
        this.product = product;
        this.arguments = arguments;
        this.scratch = scratch;
        this.narrow = new Kernel(launcher, "rows_narrow", 256, 0);
        this.bias = new Kernel(launcher, "rows_bias", 256, 0);
        this.up = Layout.of(launcher, "up");
        this.down = Layout.of(launcher, "down");
    }

    /** Whether the GPU's tensor cores take this type. */
    static boolean tensorCores(KernelLauncher launcher, DType dtype) {
        return switch (dtype) {
            case F32 -> false;
            case F16 -> true;
            case BF16 -> launcher.computeCapability() >= 80;
        };
    }

    /** Several projections of the same rows; the rows are rounded once for each run of equal types. */
    void up(Iterable<Projection> projections, int activation, Rows in) {
        int at = 0;
        while (at < in.count()) {
            int count = Math.min(in.count() - at, chunk(in.width()));
            Rows part = in.slice(at, count);
            @Nullable DType rounded = null;
            for (Projection projection : projections) {
                Matrix weight = projection.linear().weight();
                Rows out = projection.out().slice(at, count);
                if (!viaTensorCores(weight, out)) {
                    upInFull(projection.linear(), activation, part, out);
                    continue;
                }
                if (rounded != weight.dtype()) {
                    round(weight.dtype(), part);
                    rounded = weight.dtype();
                }
                upRounded(projection.linear(), activation, part, out);
            }
            at += count;
        }
    }

    /** A linear map and where its result goes. */
    record Projection(Linear linear, Rows out) {}

    private void upRounded(Linear linear, int activation, Rows in, Rows out) {
        if (product == null) {
            own(up, linear.weight(), linear.bias(), activation, in.count(), in.width(), out);
        } else {
            product.up(scratch.activations(), linear.weight(), out);
            finish(linear, activation, out);
        }
    }

    private void upInFull(Linear linear, int activation, Rows in, Rows out) {
        if (product != null && linear.weight().dtype() == DType.F32) {
            product.up(in.data(), linear.weight(), out);
            finish(linear, activation, out);
        } else {
            any(up, linear.weight(), linear.bias(), activation, in, out);
        }
    }

    private void finish(Linear linear, int activation, Rows out) {
        if (linear.bias() != null || activation != 0) {
            arguments
                    .clear()
                    .pointer(out.data())
                    .pointer(linear.bias())
                    .number(out.width())
                    .number(activation);
            bias.launch(DType.F32, Math.ceilDiv(out.width(), 256), out.count(), 1, arguments);
        }
    }

    /** {@code out[t] += sum over n of in[t][n] * weight[n]}. */
    void down(Matrix weight, Rows in, Rows out) {
        int at = 0;
        while (at < in.count()) {
            int count = Math.min(in.count() - at, chunk(in.width()));
            Rows part = in.slice(at, count);
            Rows target = out.slice(at, count);
            at += count;
            if (viaTensorCores(weight, target)) {
                round(weight.dtype(), part);
                if (product == null) {
                    own(down, weight, null, 0, count, in.width(), target);
                } else {
                    product.down(scratch.activations(), weight, target);
                }
            } else if (product != null && weight.dtype() == DType.F32) {
                product.down(part.data(), weight, target);
            } else {
                any(down, weight, null, 0, part, target);
            }
        }
    }

    /** Tokens whose rounded activations fit the scratch memory. */
    private int chunk(int width) {
        long fit = scratch.halfBytes() / (2L * width);
        return Math.clamp(fit > 128 ? fit / 128 * 128 : fit, 1, 1 << 16);
    }

    private boolean viaTensorCores(Matrix weight, Rows out) {
        return tensorCores(launcher, weight.dtype())
                && weight.rows() % 8 == 0
                && weight.columns() % 8 == 0
                && ShapeChecks.aligned(weight.data())
                && ShapeChecks.aligned(out.data());
    }

    private void round(DType dtype, Rows in) {
        long numbers = (long) in.count() * in.width();
        arguments.clear().pointer(in.data()).pointer(scratch.activations()).number(numbers);
        arguments.number(ShapeChecks.aligned(in.data()) ? 1 : 0);
        long blocks = Math.min(Math.ceilDiv(numbers, 1024), 16L * launcher.multiprocessors());
        narrow.launch(dtype, (int) blocks, 1, 1, arguments);
    }

    private void own(
            Layout layout,
            Matrix weight,
            @Nullable MemorySegment biases,
            int activation,
            int tokens,
            int inputs,
            Rows out) {
        int multiprocessors = launcher.multiprocessors();
        int across = Math.ceilDiv(out.width(), TILE_OUTPUTS);
        boolean large = tokens > 64 && Math.ceilDiv(tokens, 128) * across > multiprocessors / 2;
        int tileTokens = large ? 128 : 64;
        int tiles = Math.ceilDiv(tokens, tileTokens) * across;
        long partialBytes = 4L * tileTokens * TILE_OUTPUTS * tiles;
        long ranges = Math.min(2L * multiprocessors / tiles, scratch.halfBytes() / partialBytes);
        ranges = tiles > DeviceScratch.COUNTERS ? 1 : Math.clamp(ranges, 1, Math.ceilDiv(inputs, LEAST_RANGE));
        int range = Math.ceilDiv(Math.ceilDiv(inputs, (int) ranges), STEP_INPUTS) * STEP_INPUTS;
        arguments
                .clear()
                .pointer(scratch.activations())
                .pointer(weight.data())
                .pointer(biases)
                .pointer(out.data());
        arguments.address(scratch.partials()).address(scratch.counters());
        arguments
                .number(tokens)
                .number(out.width())
                .number(inputs)
                .number(range)
                .number(activation);
        (large ? layout.large : layout.small)
                .launch(
                        weight.dtype(),
                        Math.ceilDiv(tokens, tileTokens),
                        across,
                        Math.ceilDiv(inputs, range),
                        arguments);
    }

    private void any(Layout layout, Matrix weight, @Nullable MemorySegment biases, int activation, Rows in, Rows out) {
        arguments
                .clear()
                .pointer(in.data())
                .pointer(weight.data())
                .pointer(biases)
                .pointer(out.data());
        arguments.number(in.count()).number(out.width()).number(in.width()).number(activation);
        layout.any.launch(weight.dtype(), Math.ceilDiv(in.count(), 64), Math.ceilDiv(out.width(), 64), 1, arguments);
    }
}
