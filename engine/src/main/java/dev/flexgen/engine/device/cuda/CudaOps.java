package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.HeadRows;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations on an NVIDIA GPU: each is one or a few kernel launches on the compute stream, and returns before they ran. The
 * same inputs give the same bits on the same GPU. Owned by the thread that owns the device.
 */
final class CudaOps implements Ops {

    /** Scratch memory with which 512 tokens of OPT-30B are projected in one go. */
    static final long GOOD_SCRATCH_BYTES = 64L << 20;

    /** {@code IDS} in rows.cu. */
    private static final int IDS = 512;

    private static final int THREADS = 256;
    private static final int NO_ACTIVATION = 0;

    private final KernelLauncher launcher;
    private final RangeWatch watch;
    private final KernelArguments arguments;
    private final CudaSkinnyMatmul fewTokens;
    private final CudaMatmul manyTokens;
    private final CudaAttention attention;
    private final CudaRowOps rowOps;
    private final CudaExperts experts;
    private final CudaPageSealer sealer;
    private final Kernel embed;
    private final Kernel embedGroups;
    private final Kernel norm;
    private final Kernel bias;
    private final Kernel add;

    /** What was just computed without a ReLU: none of its numbers is likely to be zero. */
    private long dense;

    /**
     * @param product multiplies for many tokens; own kernels do without one
     * @param scratch zeroed device memory of at least {@link DeviceScratch#MIN_BYTES}, for this object alone
     * @param watch where kernels note numbers beyond F16's range
     * @param arena of this object's life, for a page of native memory
     */
    CudaOps(
            KernelLauncher launcher,
            @Nullable MatrixProduct product,
            MemorySegment scratch,
            RangeWatch watch,
            Arena arena) {
        this.launcher = launcher;
        this.watch = watch;
        this.arguments = new KernelArguments(arena);
        DeviceScratch memory = new DeviceScratch(scratch);
        this.fewTokens = new CudaSkinnyMatmul(launcher, arguments, memory, watch);
        this.manyTokens = new CudaMatmul(launcher, product, arguments, memory, watch);
        this.sealer = new CudaPageSealer(launcher, arguments);
        this.attention = new CudaAttention(launcher, arguments, memory, watch);
        this.rowOps = new CudaRowOps(launcher, arguments);
        this.experts = new CudaExperts(launcher, arguments, memory);
        this.embed = new Kernel(launcher, "rows_embed", THREADS, 0);
        this.embedGroups = new Kernel(launcher, "grouprows_embed", THREADS, 0);
        this.norm = new Kernel(launcher, "rows_norm", 1024, 0);
        this.bias = new Kernel(launcher, "rows_bias", THREADS, 0);
        this.add = new Kernel(launcher, "rows_add", THREADS, 0);
    }

    /** {@link dev.flexgen.engine.device.Device#mustRepeat()}. */
    boolean mustRepeat() {
        return watch.changed();
    }

    @Override
    public void embed(Matrix table, int[] rows, Rows out) {
        embed(table, rows, out, 0);
    }

    @Override
    public void embedAdd(Matrix table, int[] rows, Rows out) {
        embed(table, rows, out, 1);
    }

    /** The ids travel as an argument of the launch, so they are read when it returns. */
    private void embed(Matrix table, int[] rows, Rows out, int accumulate) {
        ShapeChecks.ids(table, rows, out);
        for (int from = 0; from < rows.length; from += IDS) {
            int count = Math.min(IDS, rows.length - from);
            arguments
                    .clear()
                    .pointer(table.data())
                    .pointer(out.slice(from, count).data());
            arguments.number(out.width()).number(accumulate);
            MemorySegment.copy(rows, from, arguments.structure(4 * IDS), ValueLayout.JAVA_INT, 0, count);
            switch (table.encoding()) {
                case Encoding.Plain plain ->
                    embed.launch(plain, Math.ceilDiv(out.width(), THREADS), count, 1, arguments);
                case Encoding.Grouped grouped ->
                    embedGroups.launch(grouped, Math.ceilDiv(out.width(), 8 * THREADS), count, 1, arguments);
            }
        }
    }

    @Override
    public void norm(Norm parameters, Rows in, Rows out) {
        norm(null, parameters, in, out);
    }

    @Override
    public void addBiasNorm(MemorySegment added, Norm parameters, Rows rows, Rows out) {
        norm(added, parameters, rows, out);
    }

    private void norm(@Nullable MemorySegment added, Norm parameters, Rows in, Rows out) {
        ShapeChecks.rows(in, out);
        ShapeChecks.vector("bias", added, in.width());
        ShapeChecks.vector("norm weight", parameters.weight(), in.width());
        ShapeChecks.vector("norm bias", parameters.bias(), in.width());
        if (in.count() == 0) {
            return;
        }
        boolean vectors = in.width() % 4 == 0
                && ShapeChecks.aligned(in.data())
                && ShapeChecks.aligned(out.data())
                && ShapeChecks.aligned(added)
                && ShapeChecks.aligned(parameters.weight())
                && ShapeChecks.aligned(parameters.bias());
        arguments.clear().pointer(in.data()).pointer(added);
        arguments.pointer(parameters.weight()).pointer(parameters.bias());
        arguments.pointer(out.data()).number(in.width()).number(parameters.epsilon());
        arguments.number(vectors ? 1 : 0).number(parameters.kind() == Norm.Kind.LAYER ? 1 : 0);
        int threads = Math.clamp(Math.ceilDiv(in.width(), 256) * 32L, 32, 1024); // measured
        norm.launch(DType.F32, in.count(), 1, 1, threads, 0, arguments);
    }

    @Override
    public void up(Linear linear, Rows in, Rows out) {
        up(List.of(linear), NO_ACTIVATION, in, List.of(out));
    }

    @Override
    public void up(Linear linear, Activation activation, Rows in, Rows out) {
        up(List.of(linear), number(activation), in, List.of(out));
    }

    @Override
    public void upEach(List<Linear> linears, Rows in, List<Rows> outs) {
        ShapeChecks.same("results", outs.size(), linears.size());
        up(linears, NO_ACTIVATION, in, outs);
    }

    private void up(List<Linear> linears, int activation, Rows in, List<Rows> outs) {
        for (int i = 0; i < linears.size(); i++) {
            Matrix weight = linears.get(i).weight();
            ShapeChecks.weights(weight);
            ShapeChecks.same("input width", in.width(), weight.columns());
            ShapeChecks.same("output width", outs.get(i).width(), weight.rows());
            ShapeChecks.same("output rows", outs.get(i).count(), in.count());
            ShapeChecks.vector("bias", linears.get(i).bias(), weight.rows());
        }
        if (in.count() == 0) {
            return;
        }
        dense = 0;
        if (in.count() > CudaSkinnyMatmul.MOST) {
            List<CudaMatmul.Projection> projections = new ArrayList<>(linears.size());
            for (int i = 0; i < linears.size(); i++) {
                projections.add(new CudaMatmul.Projection(linears.get(i), outs.get(i)));
            }
            manyTokens.up(projections, activation, in);
            return;
        }
        int from = 0;
        while (from < linears.size()) {
            int to = from + 1;
            Encoding encoding = linears.get(from).weight().encoding();
            while (to < linears.size()
                    && to < from + CudaSkinnyMatmul.GROUP
                    && linears.get(to).weight().encoding().equals(encoding)) {
                to++;
            }
            fewTokens.up(linears.subList(from, to), activation, in, outs.subList(from, to));
            from = to;
        }
    }

    @Override
    public void activate(Activation activation, Rows rows) {
        biasActivate(null, number(activation), rows);
    }

    @Override
    public void addBias(MemorySegment vector, Rows out) {
        ShapeChecks.vector("bias", vector, out.width());
        biasActivate(vector, NO_ACTIVATION, out);
    }

    private void biasActivate(@Nullable MemorySegment vector, int activation, Rows rows) {
        if (rows.count() > 0) {
            arguments
                    .clear()
                    .pointer(rows.data())
                    .pointer(vector)
                    .number(rows.width())
                    .number(activation);
            bias.launch(DType.F32, Math.ceilDiv(rows.width(), THREADS), rows.count(), 1, arguments);
        }
    }

    /** As {@code activated} in common.cuh numbers them. */
    private static int number(Activation activation) {
        return switch (activation) {
            case RELU -> 1;
            case GELU -> 2;
            case GELU_TANH -> 3;
            case SILU -> 4;
        };
    }

    @Override
    public void down(Matrix weight, Rows in, Rows out) {
        ShapeChecks.weights(weight);
        ShapeChecks.same("input width", in.width(), weight.rows());
        ShapeChecks.same("output width", out.width(), weight.columns());
        ShapeChecks.same("output rows", out.count(), in.count());
        if (in.count() > CudaSkinnyMatmul.MOST) {
            manyTokens.down(weight, in, out);
        } else if (in.count() > 0) {
            fewTokens.down(weight, in, in.data().address() == dense, out);
        }
    }

    @Override
    public void add(Rows in, Rows out) {
        combine(in, out, 1);
    }

    @Override
    public void copy(Rows in, Rows out) {
        combine(in, out, 0);
    }

    private void combine(Rows in, Rows out, int accumulate) {
        ShapeChecks.rows(in, out);
        long numbers = (long) in.count() * in.width();
        if (numbers > 0) {
            arguments
                    .clear()
                    .pointer(in.data())
                    .pointer(out.data())
                    .number(numbers)
                    .number(accumulate);
            long blocks = Math.min(Math.ceilDiv(numbers, THREADS), 16L * launcher.multiprocessors());
            add.launch(DType.F32, (int) blocks, 1, 1, arguments);
        }
    }

    @Override
    public void append(Rows keys, Rows values, List<KvSequence> sequences) {
        ShapeChecks.append(keys, values, sequences);
        if (!sequences.isEmpty()) {
            attention.append(keys, values, sequences);
        }
    }

    @Override
    public void seal(List<KvSealing> blocks) {
        for (KvSealing block : blocks) {
            ShapeChecks.sealing(block);
        }
        sealer.seal(blocks);
    }

    @Override
    public void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        ShapeChecks.attend(query, sequences, out);
        if (!sequences.isEmpty()) {
            attention.attend(query, sequences, scoring, out);
            dense = out.data().address();
        }
    }

    @Override
    public void appendAndAttend(
            Rows keys, Rows values, Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        ShapeChecks.append(keys, values, sequences);
        ShapeChecks.attend(query, sequences, out);
        if (!sequences.isEmpty()) {
            attention.appendAndAttend(keys, values, query, sequences, scoring, out);
            dense = out.data().address();
        }
    }

    @Override
    public void gate(Activation activation, Rows gate, Rows rows) {
        rowOps.gate(number(activation), gate, rows);
        dense = activation == Activation.RELU ? 0 : rows.data().address();
    }

    @Override
    public void rotate(Rotary rotary, int[] positions, Rows rows) {
        rowOps.rotate(rotary, positions, rows);
    }

    @Override
    public void readyHeads(List<HeadRows> rows, Rotary rotary, int[] positions) {
        if (!rowOps.readyHeads(rows, rotary, positions)) {
            Ops.super.readyHeads(rows, rotary, positions);
        }
    }

    @Override
    public void gather(Rows in, int[] rows, Rows out) {
        rowOps.gather(in, rows, out);
    }

    @Override
    public void scatterAdd(Rows in, int[] rows, float[] factors, Rows out) {
        rowOps.scatterAdd(in, rows, factors, out);
    }

    @Override
    public boolean experts(Activation activation, List<RoutedExpert> experts, Rows in, Rows out) {
        dense = 0;
        return this.experts.compute(number(activation), experts, in, out);
    }
}
