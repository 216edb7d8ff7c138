package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Projections of many tokens, bound by arithmetic. For 16-bit weights the activations are rounded to their type first, as
 * tensor cores take them; the sums are F32. Weights in groups are decoded to F16, some rows at a time. cuBLAS multiplies where
 * there is one, our own kernels otherwise. Once activations beyond F16's range were met, each row is divided by a power of two before
 * it is rounded to F16, and its results are multiplied by it: as exact for the row's largest numbers, for some more launches.
 */
final class CudaMatmul {

    private final KernelLauncher launcher;
    private final @Nullable MatrixProduct product;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final RangeWatch watch;
    private final OwnProduct own;
    private final GroupDecoder decoder;
    private final Kernel narrow;
    private final Kernel lower;
    private final Kernel lift;
    private final Kernel unlift;
    private final Kernel bias;

    CudaMatmul(
            KernelLauncher launcher,
            @Nullable MatrixProduct product,
            KernelArguments arguments,
            DeviceScratch scratch,
            RangeWatch watch) {
        this.launcher = launcher;
        this.product = product;
        this.arguments = arguments;
        this.scratch = scratch;
        this.watch = watch;
        this.own = new OwnProduct(launcher, arguments, scratch);
        this.decoder = new GroupDecoder(launcher, arguments);
        this.narrow = new Kernel(launcher, "rows_narrow", 256, 0);
        this.lower = new Kernel(launcher, "rows_lower", 256, 0);
        this.lift = new Kernel(launcher, "rows_lift", 256, 0);
        this.unlift = new Kernel(launcher, "rows_unlift", 256, 0);
        this.bias = new Kernel(launcher, "rows_bias", 256, 0);
    }

    /** Whether the GPU's tensor cores take this type. */
    static boolean tensorCores(KernelLauncher launcher, DType dtype) {
        return switch (dtype) {
            case F32 -> false;
            case F16 -> true;
            case BF16 -> launcher.computeCapability() >= 80;
        };
    }

    /** A linear map and where its result goes. */
    record Projection(Linear linear, Rows out) {}

    /** The type of the numbers that are multiplied. */
    private static DType factors(Matrix weight) {
        return switch (weight.encoding()) {
            case Encoding.Plain plain -> plain.dtype();
            case Encoding.Grouped grouped -> GroupDecoder.DECODED.dtype();
        };
    }

    /** Several projections of the same rows; the rows are rounded once for each run of equal types. */
    void up(List<Projection> projections, int activation, Rows in) {
        boolean decoding =
                projections.stream().anyMatch(it -> it.linear().weight().encoding() instanceof Encoding.Grouped);
        int at = 0;
        while (at < in.count()) {
            int count = Math.min(in.count() - at, chunk(in.width(), decoding));
            Rows part = in.slice(at, count);
            @Nullable DType rounded = null;
            for (Projection projection : projections) {
                Linear linear = projection.linear();
                DType dtype = factors(linear.weight());
                Rows out = projection.out().slice(at, count);
                boolean viaTensorCores = viaTensorCores(linear.weight(), out);
                if (viaTensorCores && rounded != dtype) {
                    round(dtype, part);
                    rounded = dtype;
                }
                boolean lifted = viaTensorCores && watch.wideFactors(dtype);
                @Nullable MemorySegment factors = viaTensorCores ? rounded(part) : null;
                @Nullable MatrixProduct library = viaTensorCores || dtype == DType.F32 ? product : null;
                for (GroupDecoder.Tile tile : decoder.tiles(linear.weight(), room(viaTensorCores ? part : null))) {
                    Matrix weight = decoder.decode(tile);
                    if (library != null) {
                        library.up(factors == null ? part.data() : factors, weight, out, tile.from());
                    } else if (lifted) {
                        own.up(new Linear(weight, null), 0, part, factors, out, tile.from());
                    } else {
                        own.up(tile.of(linear, weight), activation, part, factors, out, tile.from());
                    }
                }
                if (lifted) {
                    lift(out, linear.bias(), activation);
                } else if (library != null) {
                    finish(linear, activation, out);
                }
            }
            at += count;
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
            int count = Math.min(in.count() - at, chunk(in.width(), weight.encoding() instanceof Encoding.Grouped));
            Rows part = in.slice(at, count);
            Rows target = out.slice(at, count);
            at += count;
            boolean viaTensorCores = viaTensorCores(weight, target);
            if (viaTensorCores) {
                round(factors(weight), part);
            }
            boolean lifted = viaTensorCores && watch.wideFactors(factors(weight));
            if (lifted) {
                unlift(target);
            }
            @Nullable MatrixProduct library = viaTensorCores || factors(weight) == DType.F32 ? product : null;
            @Nullable MemorySegment factors = viaTensorCores ? rounded(part) : null;
            for (GroupDecoder.Tile tile : decoder.tiles(weight, room(viaTensorCores ? part : null))) {
                Matrix some = decoder.decode(tile);
                if (library != null) {
                    long size = factors == null ? 4 : 2;
                    MemorySegment numbers = factors == null ? part.data() : factors;
                    library.down(numbers.asSlice(size * tile.from()), in.width(), some, target);
                } else {
                    own.down(some, part, factors, tile.from(), target);
                }
            }
            if (lifted) {
                lift(target, null, 0);
            }
        }
    }

    /** Tokens whose rounded activations fit the scratch memory, and leave half of it if weights are decoded. */
    private int chunk(int width, boolean decoding) {
        long fit = scratch.halfBytes() / (decoding ? 2 : 1) / (2L * width);
        return Math.clamp(fit > 128 ? fit / 128 * 128 : fit, 1, DeviceScratch.LIFTS);
    }

    private boolean viaTensorCores(Matrix weight, Rows out) {
        return tensorCores(launcher, factors(weight))
                && weight.rows() % 8 == 0
                && weight.columns() % 8 == 0
                && ShapeChecks.aligned(weight.data())
                && ShapeChecks.aligned(out.data());
    }

    private MemorySegment rounded(Rows in) {
        return scratch.activations().asSlice(0, 2L * in.count() * in.width());
    }

    /** Scratch memory behind the rounded activations, if there are such. */
    private MemorySegment room(@Nullable Rows in) {
        long taken = in == null ? 0 : Math.ceilDiv(rounded(in).byteSize(), 256) * 256;
        return scratch.activations().asSlice(taken);
    }

    private void round(DType dtype, Rows in) {
        if (watch.wideFactors(dtype)) {
            arguments.clear().pointer(in.data()).pointer(scratch.activations());
            arguments.address(scratch.lifts()).number(in.width());
            lower.launch(dtype, in.count(), 1, 1, arguments);
            return;
        }
        long numbers = (long) in.count() * in.width();
        arguments.clear().pointer(in.data()).pointer(scratch.activations()).number(numbers);
        arguments.number(ShapeChecks.aligned(in.data()) ? 1 : 0).address(watch.factors());
        long blocks = Math.min(Math.ceilDiv(numbers, 1024), 16L * launcher.multiprocessors());
        narrow.launch(dtype, (int) blocks, 1, 1, arguments);
    }

    /** Gives the products of rows that were divided their size, and finishes them. */
    private void lift(Rows out, @Nullable MemorySegment vector, int activation) {
        arguments.clear().pointer(out.data()).address(scratch.lifts()).pointer(vector);
        arguments.number(out.width()).number(activation);
        lift.launch(DType.F32, Math.ceilDiv(out.width(), 256), out.count(), 1, arguments);
    }

    /** Divides what the products of such rows are added to. */
    private void unlift(Rows out) {
        arguments.clear().pointer(out.data()).address(scratch.lifts()).number(out.width());
        unlift.launch(DType.F32, Math.ceilDiv(out.width(), 256), out.count(), 1, arguments);
    }
}
