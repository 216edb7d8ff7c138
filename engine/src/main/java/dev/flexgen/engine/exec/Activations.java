package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.model.ModelSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a step has at home, whatever the shards: the residual stream, its normed rows, the logits. Allocated once. */
final class Activations implements AutoCloseable {

    private final Resources resources = new Resources();
    private final int maxRows;
    private final Buffer buffer;
    private final Buffer readable;
    private final Event read;
    private long used;

    private final Rows residual;
    private final Rows normed;
    private final Rows embedded;
    private final Rows outputs;
    private final Rows logits;

    /**
     * Allocates for steps of up to {@code maxRows} tokens.
     *
     * @param logitRows how many rows of logits may be asked for at a time
     */
    Activations(Device home, ModelSpec spec, int maxRows, int logitRows) {
        this.maxRows = maxRows;
        int embedding = spec.dimensions().embedding();
        this.buffer = resources.keep(home.allocate("activations", bytes(spec, maxRows, logitRows)));
        this.residual = take(maxRows, spec.width());
        this.normed = take(maxRows, spec.width());
        this.embedded = take(maxRows, embedding);
        this.outputs = take(logitRows, embedding);
        this.logits = take(logitRows, spec.vocabulary());
        try {
            this.readable = resources.keep(home.allocateHost("logits", logits.bytes()));
            this.read = resources.keep(home.event());
        } catch (Throwable e) {
            resources.close();
            throw e;
        }
    }

    /** Bytes of it on the home device. */
    static long bytes(ModelSpec spec, int maxRows, int logitRows) {
        int embedding = spec.dimensions().embedding();
        return 4
                * ((long) maxRows * (2L * spec.width() + embedding)
                        + (long) logitRows * (embedding + spec.vocabulary()));
    }

    private Rows take(int rows, int width) {
        Rows taken = new Rows(buffer.segment().asSlice(used, 4L * rows * width), rows, width);
        used += taken.bytes();
        return taken;
    }

    int maxRows() {
        return maxRows;
    }

    int vocabulary() {
        return logits.width();
    }

    int maxLogitRows() {
        return logits.count();
    }

    Rows residual(int rows) {
        return residual.slice(0, rows);
    }

    Rows normed(int rows) {
        return normed.slice(0, rows);
    }

    Rows embedded(int rows) {
        return embedded.slice(0, rows);
    }

    Rows outputs(int rows) {
        return outputs.slice(0, rows);
    }

    Rows logits(int rows) {
        return logits.slice(0, rows);
    }

    /** Waits for {@code rows} of logits and copies them to {@code target[at..]}, one row after the other. */
    void read(Stream stream, Rows rows, float[] target, int at) {
        MemorySegment host = readable.segment().asSlice(0, rows.bytes());
        stream.download(rows.data(), host);
        stream.record(read);
        read.join();
        MemorySegment.copy(host, ValueLayout.JAVA_FLOAT, 0, target, at, rows.count() * rows.width());
    }

    @Override
    public void close() {
        resources.close();
    }
}
