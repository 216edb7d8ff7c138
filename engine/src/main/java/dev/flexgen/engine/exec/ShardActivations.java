package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Rows;
import dev.flexgen.engine.memory.Buffer;
import java.util.List;

/** The activations of one shard at a time on one device, allocated once for the largest step and the largest shard. */
final class ShardActivations implements AutoCloseable {

    /**
     * The largest that has to fit.
     *
     * @param rows tokens of a step
     * @param queries width of a shard's queries
     * @param keys width of a shard's keys
     * @param neurons of a shard
     * @param gates of a shard: as many, or none
     * @param gathered width of rows that are gathered for experts; 0 for none
     */
    record Size(int rows, int queries, int keys, int neurons, int gates, int gathered) {

        long bytes() {
            return 4L * rows * (gatheredAt() + 2L * gathered);
        }

        private long gatheredAt() {
            return neuronsAt() + neurons + gates;
        }

        private long neuronsAt() {
            return 2L * queries + 2L * keys;
        }
    }

    /**
     * The activations of an attention shard.
     *
     * @param projections query, key, value
     */
    record Attention(List<Rows> projections, Rows context) {

        Rows query() {
            return projections.get(0);
        }

        Rows key() {
            return projections.get(1);
        }

        Rows value() {
            return projections.get(2);
        }
    }

    private final Size size;
    private final Buffer buffer;

    ShardActivations(Device device, Size size) {
        this(size, device.allocate("activations", Math.max(4, size.bytes())));
    }

    /** Takes over {@code buffer}, which has room for {@code size}. */
    ShardActivations(Size size, Buffer buffer) {
        this.size = size;
        this.buffer = buffer;
    }

    /** For {@code rows} tokens of a shard of these widths; what the last shard left is overwritten. */
    Attention attention(int rows, int queries, int keys) {
        require(rows, size.rows());
        require(queries, size.queries());
        require(keys, size.keys());
        long keyAt = 4L * size.rows() * size.queries();
        long valueAt = keyAt + 4L * size.rows() * size.keys();
        long contextAt = valueAt + 4L * size.rows() * size.keys();
        return new Attention(
                List.of(take(0, rows, queries), take(keyAt, rows, keys), take(valueAt, rows, keys)),
                take(contextAt, rows, queries));
    }

    /** For {@code rows} tokens of a shard of so many neurons. */
    Rows neurons(int rows, int neurons) {
        require(rows, size.rows());
        require(neurons, size.neurons());
        return take(4L * size.rows() * size.neuronsAt(), rows, neurons);
    }

    /** Beside them, their gates. */
    Rows gates(int rows, int neurons) {
        require(rows, size.rows());
        require(neurons, size.gates());
        return take(4L * size.rows() * (size.neuronsAt() + size.neurons()), rows, neurons);
    }

    /** Some of a step's rows, for an expert. */
    Rows gathered(int rows, int width) {
        require(rows, size.rows());
        require(width, size.gathered());
        return take(4L * size.rows() * size.gatheredAt(), rows, width);
    }

    /** And what it makes of them. */
    Rows results(int rows, int width) {
        require(rows, size.rows());
        require(width, size.gathered());
        return take(4L * size.rows() * (size.gatheredAt() + size.gathered()), rows, width);
    }

    private Rows take(long from, int rows, int width) {
        return new Rows(buffer.segment().asSlice(from, 4L * rows * width), rows, width);
    }

    private static void require(int wanted, int room) {
        if (wanted > room) {
            throw new IllegalStateException("activations of " + wanted + " do not fit room for " + room);
        }
    }

    @Override
    public void close() {
        buffer.close();
    }
}
