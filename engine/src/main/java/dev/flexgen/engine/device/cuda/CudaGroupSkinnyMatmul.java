package dev.flexgen.engine.device.cuda;

import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.util.List;

/**
 * Projections of up to {@link CudaSkinnyMatmul#MOST} tokens by weights in groups, which are decoded on their way from memory to the
 * multipliers. Activations stay F32. A token's result is the same, to the bit, whatever the number of tokens.
 */
final class CudaGroupSkinnyMatmul {

    private static final int THREADS = 256;
    private static final int UP_MOST = 16;

    /** Blocks of an up projection for each multiprocessor, if each takes several tiles. */
    private static final int UP_BLOCKS = 2;

    /** Columns of the widest tile of a down projection: {@code DOWN_GROUPS} in groupdown.cu. */
    private static final int DOWN_TILE = 512;

    /** Tokens of the kernel for the most, which takes more in several times as many blocks. */
    private static final int DOWN_TOKENS = 8;

    /** Rows of a down projection that are worth a block. */
    private static final int LEAST_RANGE = 128;

    /** Blocks of a down projection for each multiprocessor; measured. */
    private static final int DOWN_BLOCKS = 2;

    private final KernelLauncher launcher;
    private final KernelArguments arguments;
    private final DeviceScratch scratch;
    private final Kernel upFour;
    private final Kernel upEight;
    private final Kernel upSixteen;
    private final Kernel downOne;
    private final Kernel downFour;
    private final Kernel downEight;

    CudaGroupSkinnyMatmul(KernelLauncher launcher, KernelArguments arguments, DeviceScratch scratch) {
        this.launcher = launcher;
        this.arguments = arguments;
        this.scratch = scratch;
        int capability = launcher.computeCapability();
        this.upFour = new Kernel(launcher, "groupup_4", THREADS, GroupUpMemory.mostBytes(capability, 4));
        this.upEight = new Kernel(launcher, "groupup_8", THREADS, GroupUpMemory.mostBytes(capability, 8));
        this.upSixteen = new Kernel(launcher, "groupup_16", THREADS, GroupUpMemory.mostBytes(capability, UP_MOST));
        this.downOne = new Kernel(launcher, "groupdown_1", THREADS, 0);
        this.downFour = new Kernel(launcher, "groupdown_4", THREADS, 0);
        this.downEight = new Kernel(launcher, "groupdown_8", THREADS, 0);
    }

    /** As {@link CudaSkinnyMatmul#up}, for matrices of {@code encoding}. */
    void up(Grouped encoding, List<Linear> linears, int activation, Rows in, List<Rows> outs) {
        int most = launcher.computeCapability() < 80 ? UP_MOST / 2 : UP_MOST; // that have room in shared memory
        for (int from = 0; from < in.count(); from += most) {
            int first = from;
            int count = Math.min(most, in.count() - from);
            List<Rows> targets =
                    outs.stream().map(out -> out.slice(first, count)).toList();
            upAtOnce(encoding, linears, activation, in.slice(from, count), targets);
        }
    }

    private void upAtOnce(Grouped encoding, List<Linear> linears, int activation, Rows in, List<Rows> outs) {
        int tokens = in.count();
        int most = tokens <= 4 ? 4 : tokens <= 8 ? 8 : UP_MOST;
        int groups = encoding.groups(in.width());
        GroupUpMemory memory = GroupUpMemory.of(launcher.computeCapability(), encoding, groups, tokens, most);
        int tiles = CudaSkinnyMatmul.blocks(linears, GroupUpMemory.ROWS, 1);
        int blocks = memory.whole()
                ? Math.min(tiles, UP_BLOCKS * launcher.multiprocessors())
                : Math.ceilDiv(tiles, GroupUpMemory.TEAMS);
        arguments.clear().pointer(in.data());
        arguments.number(tokens).number(in.width()).number(activation);
        arguments.number(memory.whole() ? 1 : 0).number(memory.room());
        CudaSkinnyMatmul.group(arguments, linears, outs);
        Kernel kernel = most == 4 ? upFour : most == 8 ? upEight : upSixteen;
        kernel.launch(encoding, blocks, 1, 1, THREADS, memory.bytes(), arguments);
    }

    /** As {@link CudaSkinnyMatmul#down}, for a matrix of {@code encoding}. */
    void down(Grouped encoding, Matrix weight, Rows in, boolean dense, Rows out) {
        int tokens = in.count();
        int columns = weight.columns();
        int range = range(weight);
        int ranges = Math.ceilDiv(weight.rows(), range);
        arguments.clear().pointer(weight.data()).pointer(in.data()).pointer(out.data());
        arguments.address(scratch.partials()).address(scratch.counters());
        arguments.number(tokens).number(weight.rows()).number(columns).number(range);
        arguments.number(dense ? CudaSkinnyMatmul.fetched(launcher, weight, range, ranges) : 0);
        if (tokens == 1) {
            downOne.launch(encoding, Math.ceilDiv(columns, DOWN_TILE), ranges, 1, arguments);
        } else if (tokens <= 4) {
            downFour.launch(encoding, Math.ceilDiv(columns, DOWN_TILE), ranges, 1, arguments);
        } else {
            int times = Math.ceilDiv(tokens, DOWN_TOKENS);
            downEight.launch(encoding, Math.ceilDiv(columns, DOWN_TILE / 2), ranges, times, arguments);
        }
    }

    /**
     * Rows for a block: such that one token occupies every multiprocessor, and that the partial sums of the most tokens fit. It
     * decides the order of sums, so the number of tokens has no part in it.
     */
    private int range(Matrix weight) {
        int rows = weight.rows();
        int mostTiles = Math.ceilDiv(weight.columns(), DOWN_TILE / 2);
        if (mostTiles * (CudaSkinnyMatmul.MOST / DOWN_TOKENS) > DeviceScratch.COUNTERS) {
            return rows;
        }
        long partialBytes = 4L * CudaSkinnyMatmul.MOST * (weight.columns() + 3);
        int tiles = Math.ceilDiv(weight.columns(), DOWN_TILE);
        long ranges =
                Math.min((long) DOWN_BLOCKS * launcher.multiprocessors() / tiles, scratch.halfBytes() / partialBytes);
        return Math.max(Math.ceilDiv(rows, (int) Math.max(1, ranges)), Math.min(rows, LEAST_RANGE));
    }
}
