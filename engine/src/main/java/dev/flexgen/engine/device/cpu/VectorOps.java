package dev.flexgen.engine.device.cpu;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.RoutedExpert;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.quant.Encoding.Grouped;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The operations on all cores with the Vector API. A few tokens are bound by reading weights and cache, many by arithmetic:
 * the two have kernels of their own, and here is the choice between them.
 */
public final class VectorOps implements Ops {

    /** Numbers that an element-wise operation gives a thread at a time. */
    private static final int CHUNK = 4096;

    /** Numbers of partial sums of experts: 64 MiB. */
    private static final int MOST_PARTIALS = 16 << 20;

    private final WorkerPool pool;
    private final Scratch[] scratch;
    private final GroupScales scales = new GroupScales();
    private final SkinnyMatmul fewTokens;
    private final GroupedMatmul fewTokensInGroups;
    private final GroupedExperts experts;
    private final Matmul manyTokens;
    private final DecodeAttention fewQueries;
    private final PrefillAttention manyQueries;
    private final PageSealer sealer;
    private final Rotations rotations = new Rotations();

    /** @param pool runs the loops; its owner closes it */
    public VectorOps(WorkerPool pool) {
        this.pool = pool;
        this.scratch = new Scratch[pool.threads()];
        Arrays.setAll(scratch, worker -> new Scratch());
        this.fewTokens = new SkinnyMatmul(pool, scratch);
        Arrangements arrangements = new Arrangements();
        GroupedInputs inputs = new GroupedInputs(pool, scratch, arrangements);
        GroupedDots dots = new GroupedDots(scratch);
        GroupedDown down = new GroupedDown(pool, scratch, arrangements, MOST_PARTIALS);
        this.fewTokensInGroups = new GroupedMatmul(pool, scratch, inputs, dots, down);
        this.experts = new GroupedExperts(pool, scratch, inputs, dots, down);
        this.manyTokens = new Matmul(pool, scratch);
        this.fewQueries = new DecodeAttention(pool, scratch);
        this.manyQueries = new PrefillAttention(pool, scratch);
        this.sealer = new PageSealer(pool, scratch);
    }

    @Override
    public void embed(Matrix table, int[] rows, Rows out) {
        float[] row = scratch[0].first(out.width());
        for (int t = 0; t < rows.length; t++) {
            StoredRows.read(table, rows[t], 0, row, 0, out.width(), scales);
            store(row, out, t);
        }
    }

    @Override
    public void embedAdd(Matrix table, int[] rows, Rows out) {
        float[] row = scratch[0].first(out.width());
        float[] sum = scratch[0].second(out.width());
        for (int t = 0; t < rows.length; t++) {
            StoredRows.read(table, rows[t], 0, row, 0, out.width(), scales);
            Convert.floats(out.data(), (long) t * out.width(), sum, out.width());
            Lanes.addScaled(1, row, 0, sum, 0, out.width());
            store(sum, out, t);
        }
    }

    @Override
    public void norm(Norm norm, Rows in, Rows out) {
        int width = in.width();
        pool.run(in.count(), (t, worker) -> {
            float[] x = scratch[worker].first(width);
            Convert.floats(in.data(), (long) t * width, x, width);
            if (norm.kind() == Norm.Kind.LAYER) {
                Lanes.add(x, -Lanes.sum(x, width) / width, width);
            }
            float variance = Lanes.dot(x, 0, x, 0, width) / width;
            Lanes.scale(x, 0, (float) (1 / Math.sqrt(variance + norm.epsilon())), width);
            float[] parameters = scratch[worker].second(width);
            if (norm.weight() != null) {
                Convert.floats(norm.weight(), 0, parameters, width);
                Lanes.multiply(x, parameters, width);
            }
            if (norm.bias() != null) {
                Convert.floats(norm.bias(), 0, parameters, width);
                Lanes.addScaled(1, parameters, 0, x, 0, width);
            }
            store(x, out, t);
        });
    }

    @Override
    public void up(Linear linear, Rows in, Rows out) {
        @Nullable MemorySegment bias = linear.bias();
        if (in.count() > SkinnyMatmul.MOST) {
            manyTokens.up(linear.weight(), bias, in, out);
        } else if (linear.weight().encoding() instanceof Grouped grouped) {
            fewTokensInGroups.up(grouped, linear, in, out);
        } else {
            fewTokens.up(linear.weight(), bias, in, out);
        }
    }

    @Override
    public void down(Matrix weight, Rows in, Rows out) {
        if (in.count() > SkinnyMatmul.MOST) {
            manyTokens.down(weight, in, out);
        } else if (weight.encoding() instanceof Grouped grouped) {
            fewTokensInGroups.down(grouped, weight, in, out);
        } else {
            fewTokens.down(weight, in, out);
        }
    }

    @Override
    public boolean experts(Activation activation, List<RoutedExpert> chosen, Rows in, Rows out) {
        if (!GroupedExperts.canAdd(chosen)) {
            return false;
        }
        experts.add(activation, chosen, in, out);
        return true;
    }

    @Override
    public void activate(Activation activation, Rows rows) {
        long numbers = (long) rows.count() * rows.width();
        pool.run((int) Math.ceilDiv(numbers, CHUNK), (part, worker) -> {
            long from = (long) part * CHUNK;
            int count = (int) Math.min(CHUNK, numbers - from);
            float[] x = scratch[worker].first(CHUNK);
            Convert.floats(rows.data(), from, x, count);
            activate(activation, x, count);
            MemorySegment.copy(x, 0, rows.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * from, count);
        });
    }

    static void activate(Activation activation, float[] x, int count) {
        switch (activation) {
            case RELU -> Lanes.relu(x, count);
            case GELU -> Gelu.apply(x, count);
            case GELU_TANH -> Sigmoid.geluTanh(x, count);
            case SILU -> Sigmoid.silu(x, count);
        }
    }

    @Override
    public void gate(Activation activation, Rows gate, Rows rows) {
        long numbers = (long) rows.count() * rows.width();
        pool.run((int) Math.ceilDiv(numbers, CHUNK), (part, worker) -> {
            long from = (long) part * CHUNK;
            int count = (int) Math.min(CHUNK, numbers - from);
            float[] factors = scratch[worker].first(CHUNK);
            float[] x = scratch[worker].second(CHUNK);
            Convert.floats(gate.data(), from, factors, count);
            Convert.floats(rows.data(), from, x, count);
            activate(activation, factors, count);
            Lanes.multiply(x, factors, count);
            MemorySegment.copy(x, 0, rows.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * from, count);
        });
    }

    @Override
    public void rotate(Rotary rotary, int[] positions, Rows rows) {
        rotations.prepare(rotary, positions);
        pool.run(rows.count(), (t, worker) -> {
            float[] row = scratch[worker].first(rows.width());
            Convert.floats(rows.data(), (long) t * rows.width(), row, rows.width());
            rotations.turn(rotary, t, row, rows.width());
            store(row, rows, t);
        });
    }

    @Override
    public void gather(Rows in, int[] rows, Rows out) {
        long bytes = 4L * in.width();
        for (int i = 0; i < rows.length; i++) {
            MemorySegment.copy(in.data(), rows[i] * bytes, out.data(), i * bytes, bytes);
        }
    }

    @Override
    public void scatterAdd(Rows in, int[] rows, float[] factors, Rows out) {
        float[] x = scratch[0].first(in.width());
        float[] sum = scratch[0].second(in.width());
        for (int i = 0; i < rows.length; i++) {
            Convert.floats(in.data(), (long) i * in.width(), x, in.width());
            Convert.floats(out.data(), (long) rows[i] * out.width(), sum, in.width());
            Lanes.addScaled(factors[i], x, 0, sum, 0, in.width());
            store(sum, out, rows[i]);
        }
    }

    @Override
    public void add(Rows in, Rows out) {
        float[] x = scratch[0].first(in.width());
        float[] sum = scratch[0].second(in.width());
        for (int t = 0; t < in.count(); t++) {
            Convert.floats(in.data(), (long) t * in.width(), x, in.width());
            Convert.floats(out.data(), (long) t * out.width(), sum, in.width());
            Lanes.addScaled(1, x, 0, sum, 0, in.width());
            store(sum, out, t);
        }
    }

    @Override
    public void addBias(MemorySegment bias, Rows out) {
        float[] x = scratch[0].first(out.width());
        float[] sum = scratch[0].second(out.width());
        Convert.floats(bias, 0, x, out.width());
        for (int t = 0; t < out.count(); t++) {
            Convert.floats(out.data(), (long) t * out.width(), sum, out.width());
            Lanes.addScaled(1, x, 0, sum, 0, out.width());
            store(sum, out, t);
        }
    }

    @Override
    public void copy(Rows in, Rows out) {
        MemorySegment.copy(in.data(), 0, out.data(), 0, in.bytes());
    }

    @Override
    public void append(Rows keys, Rows values, List<KvSequence> sequences) {
        int from = 0;
        for (KvSequence sequence : sequences) {
            KvView cache = sequence.cache();
            append(keys.slice(from, sequence.rows()), cache, cache.keys(), sequence.position());
            append(values.slice(from, sequence.rows()), cache, cache.values(), sequence.position());
            from += sequence.rows();
        }
    }

    private void append(Rows rows, KvView cache, List<MemorySegment> blocks, int position) {
        float[] row = scratch[0].first(rows.width());
        for (int t = 0; t < rows.count(); t++) {
            Convert.floats(rows.data(), (long) t * rows.width(), row, rows.width());
            MemorySegment block = blocks.get(cache.block(position + t));
            for (int head = 0; head < cache.heads(); head++) {
                long offset = cache.offset(head, position + t);
                Convert.write(cache.dtype(), row, head * cache.headDim(), block, offset, cache.headDim());
            }
        }
    }

    @Override
    public void seal(List<KvSealing> blocks) {
        sealer.seal(blocks);
    }

    @Override
    public void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        List<KvSequence> few = new ArrayList<>();
        List<Integer> rows = new ArrayList<>();
        int from = 0;
        for (KvSequence sequence : sequences) {
            if (sequence.rows() <= SkinnyMatmul.MOST) {
                few.add(sequence);
                rows.add(from);
            } else {
                Rows own = query.slice(from, sequence.rows());
                Rows context = out.slice(from, sequence.rows());
                manyQueries.attend(own, sequence.cache(), sequence.position(), scoring, context);
            }
            from += sequence.rows();
        }
        if (!few.isEmpty()) {
            fewQueries.attend(query, few, rows, scoring, out);
        }
    }

    private static void store(float[] row, Rows out, int token) {
        MemorySegment.copy(row, 0, out.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * token * out.width(), out.width());
    }
}
