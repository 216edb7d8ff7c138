package dev.flexgen.engine.device.fake;

import dev.flexgen.config.Activation;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.device.KvSealing;
import dev.flexgen.engine.device.KvSequence;
import dev.flexgen.engine.device.KvView;
import dev.flexgen.engine.device.Linear;
import dev.flexgen.engine.device.Matrix;
import dev.flexgen.engine.device.Norm;
import dev.flexgen.engine.device.Operation;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Rotary;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.ScalarOps;
import dev.flexgen.engine.device.Scoring;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.quant.Encoding;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Checks arguments when called and computes later, with operations for the processor, on the lane {@link StreamRole#COMPUTE}.
 * Weights in groups are decoded first, so that what it computes does not depend on the processor's kernels for them.
 */
final class FakeOps implements Ops {

    private final Simulation simulation;
    private final Tally tally;
    private final Operands operands;
    private final Ops delegate;
    private final FakeGpuSettings settings;
    private final FakeRange range;

    FakeOps(Simulation simulation, Tally tally, Operands operands, Ops delegate, FakeGpuSettings settings) {
        this.simulation = simulation;
        this.tally = tally;
        this.operands = operands;
        this.delegate = delegate;
        this.settings = settings;
        this.range = new FakeRange(settings.range());
    }

    @Override
    public void embed(Matrix table, int[] rows, Rows out) {
        require(Operation.EMBED, table.encoding());
        operands.table(table, rows, out);
        int[] read = rows.clone();
        later("embed", () -> delegate.embed(ScalarOps.plain(table), read, out));
    }

    @Override
    public void embedAdd(Matrix table, int[] rows, Rows out) {
        require(Operation.EMBED, table.encoding());
        operands.table(table, rows, out);
        int[] read = rows.clone();
        later("embedAdd", () -> delegate.embedAdd(ScalarOps.plain(table), read, out));
    }

    @Override
    public void norm(Norm norm, Rows in, Rows out) {
        operands.alike(in, out);
        operands.vector(norm.weight(), in.width());
        operands.vector(norm.bias(), in.width());
        later("norm", () -> delegate.norm(norm, in, out));
    }

    @Override
    public void up(Linear linear, Rows in, Rows out) {
        Matrix weight = linear.weight();
        require(Operation.UP, weight.encoding());
        operands.product(weight, weight.columns(), weight.rows(), in, out);
        operands.vector(linear.bias(), out.width());
        later("up", () -> delegate.up(new Linear(ScalarOps.plain(weight), linear.bias()), range.held(in), out));
    }

    @Override
    public void activate(Activation activation, Rows rows) {
        operands.here(rows.data());
        later("activate", () -> delegate.activate(activation, rows));
    }

    @Override
    public void gate(Activation activation, Rows gate, Rows rows) {
        operands.alike(gate, rows);
        later("gate", () -> delegate.gate(activation, gate, rows));
    }

    @Override
    public void rotate(Rotary rotary, int[] positions, Rows rows) {
        operands.here(rows.data());
        Operands.equal("positions", positions.length, rows.count());
        Operands.equal("width over heads", rows.width() % rotary.headDim(), 0);
        int[] read = positions.clone();
        later("rotate", () -> delegate.rotate(rotary, read, rows));
    }

    @Override
    public void gather(Rows in, int[] rows, Rows out) {
        operands.chosen(rows, in, out);
        int[] read = rows.clone();
        later("gather", () -> delegate.gather(in, read, out));
    }

    @Override
    public void scatterAdd(Rows in, int[] rows, float[] factors, Rows out) {
        operands.chosen(rows, out, in);
        Operands.equal("factors", factors.length, rows.length);
        int[] read = rows.clone();
        float[] readFactors = factors.clone();
        later("scatterAdd", () -> delegate.scatterAdd(in, read, readFactors, out));
    }

    @Override
    public void down(Matrix weight, Rows in, Rows out) {
        require(Operation.DOWN, weight.encoding());
        operands.downProduct(weight, in, out);
        later("down", () -> delegate.down(ScalarOps.plain(weight), range.held(in), out));
    }

    @Override
    public void add(Rows in, Rows out) {
        operands.alike(in, out);
        later("add", () -> delegate.add(in, out));
    }

    @Override
    public void addBias(MemorySegment bias, Rows out) {
        operands.here(out.data());
        operands.vector(bias, out.width());
        later("addBias", () -> delegate.addBias(bias, out));
    }

    @Override
    public void copy(Rows in, Rows out) {
        operands.alike(in, out);
        later("copy", () -> delegate.copy(in, out));
    }

    @Override
    public void append(Rows keys, Rows values, List<KvSequence> sequences) {
        require(Operation.APPEND, sequences);
        operands.alike(keys, values);
        List<KvSequence> now = snapshot(sequences);
        operands.sequences(now, keys);
        for (KvSequence sequence : now) {
            if (sequence.position()
                    < sequence.cache().sealedBlocks() * sequence.cache().blockTokens()) {
                throw new IllegalArgumentException("position " + sequence.position() + " is in a sealed block");
            }
        }
        now.stream().map(KvSequence::cache).forEach(cache -> Operands.equal("key width", keys.width(), width(cache)));
        later("append", () -> delegate.append(keys, values, now));
    }

    @Override
    public void seal(List<KvSealing> blocks) {
        for (KvSealing block : blocks) {
            require(Operation.SEAL, block.format().encoding());
            operands.sealing(block);
        }
        List<KvSealing> now = List.copyOf(blocks);
        later("seal", () -> delegate.seal(now));
    }

    @Override
    public void attend(Rows query, List<KvSequence> sequences, Scoring scoring, Rows out) {
        require(Operation.ATTEND, sequences);
        operands.alike(query, out);
        List<KvSequence> now = snapshot(sequences);
        operands.sequences(now, query);
        for (KvSequence sequence : now) {
            Operands.equal("query width over key heads", query.width() % width(sequence.cache()), 0);
            if (scoring.slopes().length > 0) {
                int heads = query.width() / sequence.cache().headDim();
                Operands.equal("slopes", scoring.slopes().length, heads);
            }
        }
        later("attend", () -> delegate.attend(query, now, scoring, out));
    }

    boolean mustRepeat() {
        return range.changed();
    }

    private static long width(KvView cache) {
        return (long) cache.heads() * cache.headDim();
    }

    private static List<KvSequence> snapshot(List<KvSequence> sequences) {
        return sequences.stream()
                .map(sequence -> new KvSequence(snapshot(sequence.cache()), sequence.position(), sequence.rows()))
                .toList();
    }

    /** A cache's view follows it; the operation means the blocks of now. */
    private static KvView snapshot(KvView cache) {
        return new KvView(
                cache.encoding(),
                cache.heads(),
                cache.headDim(),
                cache.blockTokens(),
                List.copyOf(cache.keys()),
                List.copyOf(cache.values()),
                cache.sealedBlocks());
    }

    private void require(Operation operation, List<KvSequence> sequences) {
        for (KvSequence sequence : sequences) {
            require(operation, sequence.cache().encoding().open());
            if (operation == Operation.ATTEND && sequence.cache().sealedBlocks() > 0) {
                require(operation, sequence.cache().format().encoding());
            }
        }
    }

    private void require(Operation operation, Encoding encoding) {
        if (!settings.supports().test(operation, encoding)) {
            throw new EngineException(
                    EngineException.Kind.DEVICE,
                    "no " + operation + " for " + encoding.name() + " on the fake GPU",
                    null);
        }
    }

    private void later(String name, Runnable operation) {
        Faults.Call call = tally.call(Faults.Kind.OPERATION, name);
        boolean fails = settings.faults().hit(call);
        simulation.add(StreamRole.COMPUTE, Task.Work.atOnce(settings.operationNanos(), () -> {
            if (fails) {
                throw new InjectedFault(call);
            }
            operation.run();
            tally.operation();
        }));
    }
}
