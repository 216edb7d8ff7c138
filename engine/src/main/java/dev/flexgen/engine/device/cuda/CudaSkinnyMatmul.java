package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Projections of up to {@link #MOST} tokens, bound by reading the weights. Activations stay F32. A token's result is the same,
 * to the bit, whatever the number of tokens: it chooses among kernels with the same order of sums. Tensor cores take 16-bit weights,
 * F16 only until activations beyond its range are met.
 */
final class CudaSkinnyMatmul {

    static final int MOST = 16;

    /** Matrices over the same input that a launch may have: {@code UpGroup} in up.cu. */
    static final int GROUP = 3;

    private static final int GROUP_BYTES = 3 * GROUP * 8 + GROUP * 4 + 4;
    private static final int WARPS = 8;
    private static final int THREADS = 32 * WARPS;
    private static final int TENSOR_ROWS = 64;

    /** Rows of a down projection that are worth a block. */
    private static final int LEAST_RANGE = 64;

    /** Blocks of a down projection for each multiprocessor; measured. */
    private static final int DOWN_BLOCKS = 4;

    private static final long FETCHED_BYTES = 24L << 20;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final RangeWatch watch;
    private final CudaGroupSkinnyMatmul groups;
    private final Kernel upOne;
    private final Kernel upFour;
    private final Kernel upSixteen;
    private final Kernel upTensorEight;
    private final Kernel upTensorSixteen;
    private final Kernel upAny;
    private final Kernel downOne;
    private final Kernel downFour;
    private final Kernel downSixteen;
    private final Kernel downAny;

    CudaSkinnyMatmul(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch, RangeWatch watch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        this.watch = watch;
        this.groups = new CudaGroupSkinnyMatmul(launcher, arguments, scratch);
        this.upOne = kernel("up_1");
        this.upFour = kernel("up_4");
        this.upSixteen = kernel("up_16");
        this.upTensorEight = kernel("up_tensor_8");
        this.upTensorSixteen = kernel("up_tensor_16");
        this.upAny = kernel("up_any");
        this.downOne = kernel("down_1");
        this.downFour = kernel("down_4");
        this.downSixteen = kernel("down_16");
        this.downAny = kernel("down_any");
    }

    private Kernel kernel(String name) {
        return new Kernel(launcher, name, THREADS, 0);
    }

    /**
     * Up to {@link #GROUP} projections of the same rows.
     *
     * @param linears of one encoding and input width
     * @param activation as kernels number it
     */
    void up(List<Linear> linears, int activation, Rows in, List<Rows> outs) {
        Matrix first = linears.getFirst().weight();
        switch (first.encoding()) {
            case Encoding.Plain plain -> up(plain.dtype(), linears, activation, in, outs);
            case Encoding.Grouped grouped -> groups.up(grouped, linears, activation, in, outs);
        }
    }

    private void up(DType dtype, List<Linear> linears, int activation, Rows in, List<Rows> outs) {
        Matrix first = linears.getFirst().weight();
        boolean vectors = first.rowBytes() % 16 == 0 && ShapeChecks.aligned(in.data());
        for (Linear linear : linears) {
            vectors &= ShapeChecks.aligned(linear.weight().data());
        }
        arguments
                .clear()
                .pointer(in.data())
                .number(in.count())
                .number(in.width())
                .number(activation);
        group(arguments, linears, outs);
        if (!vectors) {
            upAny.launch(dtype, blocks(linears, 1, WARPS), 1, 1, arguments);
        } else if (CudaMatmul.tensorCores(launcher, dtype) && !watch.wideFactors(dtype)) {
            arguments.address(watch.factors());
            Kernel kernel = in.count() <= 8 ? upTensorEight : upTensorSixteen;
            kernel.launch(dtype, blocks(linears, TENSOR_ROWS, 1), 1, 1, arguments);
        } else if (in.count() == 1) {
            upOne.launch(dtype, blocks(linears, 2, WARPS), 1, 1, arguments);
        } else if (in.count() <= 4) {
            upFour.launch(dtype, blocks(linears, 4, WARPS), 1, 1, arguments);
        } else {
            upSixteen.launch(dtype, blocks(linears, 4, WARPS), 1, 1, arguments);
        }
    }

    /** Appends what a launch is told about the matrices. */
    static void group(KernelArguments arguments, List<Linear> linears, List<Rows> outs) {
        MemorySegment group = arguments.structure(GROUP_BYTES);
        group.fill((byte) 0);
        for (int i = 0; i < linears.size(); i++) {
            Linear linear = linears.get(i);
            MemorySegment bias = linear.bias();
            group.setAtIndex(ValueLayout.JAVA_LONG, i, linear.weight().data().address());
            group.setAtIndex(ValueLayout.JAVA_LONG, GROUP + i, bias == null ? 0 : bias.address());
            group.setAtIndex(
                    ValueLayout.JAVA_LONG, 2 * GROUP + i, outs.get(i).data().address());
            group.setAtIndex(
                    ValueLayout.JAVA_INT, 6 * GROUP + i, linear.weight().rows());
        }
        group.setAtIndex(ValueLayout.JAVA_INT, 7 * GROUP, linears.size());
    }

    /** Blocks of {@code tilesPerBlock} tiles of {@code tileRows} rows; a tile has rows of one matrix. */
    static int blocks(List<Linear> linears, int tileRows, int tilesPerBlock) {
        int tiles = 0;
        for (Linear linear : linears) {
            tiles += Math.ceilDiv(linear.weight().rows(), tileRows);
        }
        return Math.ceilDiv(tiles, tilesPerBlock);
    }

    /**
     * {@code out[t] += sum over n of in[t][n] * weight[n]}; rows whose inputs are all zero are not read.
     *
     * @param dense whether there are hardly any such rows
     */
    void down(Matrix weight, Rows in, boolean dense, Rows out) {
        switch (weight.encoding()) {
            case Encoding.Plain plain -> down(plain.dtype(), weight, in, dense, out);
            case Encoding.Grouped grouped -> groups.down(grouped, weight, in, dense, out);
        }
    }

    private void down(DType dtype, Matrix weight, Rows in, boolean dense, Rows out) {
        int columns = weight.columns();
        int tokens = in.count();
        if (weight.rowBytes() % 16 != 0 || !ShapeChecks.aligned(weight.data()) || !ShapeChecks.aligned(out.data())) {
            arguments.clear().pointer(weight.data()).pointer(in.data()).pointer(out.data());
            arguments.number(tokens).number(weight.rows()).number(columns);
            downAny.launch(dtype, Math.ceilDiv(columns, THREADS), Math.ceilDiv(tokens, 4), 1, arguments);
            return;
        }
        int range = range(weight);
        int ranges = Math.ceilDiv(weight.rows(), range);
        arguments.clear().pointer(weight.data()).pointer(in.data()).pointer(out.data());
        arguments.address(scratch.partials()).address(scratch.counters());
        arguments.number(tokens).number(weight.rows()).number(columns).number(range);
        arguments.number(dense ? fetched(launcher, weight, range, ranges) : 0);
        Kernel kernel = tokens == 1 ? downOne : tokens <= 4 ? downFour : downSixteen;
        int tile = 32 * (tokens <= 4 ? 16 / dtype.bytes() : 4);
        kernel.launch(dtype, Math.ceilDiv(columns, tile), ranges, 1, arguments);
    }

    /**
     * Rows for a block: such that one token occupies every multiprocessor, and that the partial sums of {@link #MOST} tokens fit.
     * It decides the order of sums, so the number of tokens has no part in it.
     */
    private int range(Matrix weight) {
        int tiles = Math.ceilDiv(weight.columns(), 32 * 16 / weight.dtype().bytes());
        if (Math.ceilDiv(weight.columns(), 128) > DeviceScratch.COUNTERS) {
            return weight.rows();
        }
        long partialBytes = 4L * MOST * weight.columns();
        long ranges =
                Math.min((long) DOWN_BLOCKS * launcher.multiprocessors() / tiles, scratch.halfBytes() / partialBytes);
        int rows = weight.rows();
        return Math.max(Math.ceilDiv(rows, (int) Math.max(1, ranges)), Math.min(rows, LEAST_RANGE));
    }

    /** Rows of each range that are worth fetching before the inputs are there: what the L2 cache holds beside other things. */
    static int fetched(KernelLauncher launcher, Matrix weight, int range, int ranges) {
        if (launcher.computeCapability() < 90) {
            return 0; // a kernel does not begin before its inputs are there
        }
        return Math.clamp(FETCHED_BYTES / (weight.rowBytes() * ranges), 1, range);
    }
}
