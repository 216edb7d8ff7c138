package dev.flexgen.engine.exec;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Regime;
import dev.flexgen.engine.transfer.WeightPrefetcher;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device at work on a model: its operations, memory for the activations of its shards, and whatever brings the weights it
 * does not hold. Owned by the engine's thread.
 */
final class Worker implements AutoCloseable {

    private final int index;
    private final Device device;
    private final ShardActivations space;
    private final @Nullable WeightPrefetcher feed;
    private final List<Tier> tiers;

    /**
     * Takes over {@code space} and {@code feed}.
     *
     * @param index of the device in the plan
     * @param feed unless it holds all it computes with
     * @param tiers on which each device computes
     */
    Worker(int index, Device device, ShardActivations space, @Nullable WeightPrefetcher feed, List<Tier> tiers) {
        this.index = index;
        this.device = device;
        this.space = space;
        this.feed = feed;
        this.tiers = tiers;
    }

    Device device() {
        return device;
    }

    Ops ops() {
        return device.ops();
    }

    Stream stream(StreamRole lane) {
        return device.stream(lane);
    }

    ShardActivations space() {
        return space;
    }

    /** Whether this device multiplies with the block. */
    boolean multiplies(WeightBlock<?> block, Regime regime) {
        return block.shard().device(regime) == index;
    }

    /** Whether this device keeps the keys and values of the block's heads. */
    boolean attends(WeightBlock<?> block) {
        return block.shard().device() == index;
    }

    /** A step begins. */
    void begin(Regime regime) {
        if (feed != null) {
            feed.begin(regime);
        }
    }

    /** The block's matrices, for operations asked for from now on; {@link #done} follows. */
    <V> V take(WeightBlock<V> block, Regime regime) {
        if (block.inPlace(regime, tiers)) {
            return block.resident();
        }
        return block.layout().in(feed().take());
    }

    /** The operations that use the block have been asked for. Blocks are done with in the order in which they were taken. */
    void done(WeightBlock<?> block, Regime regime) {
        if (!block.inPlace(regime, tiers)) {
            feed().release();
        }
    }

    private WeightPrefetcher feed() {
        if (feed == null) {
            throw new IllegalStateException("nothing feeds " + device.name());
        }
        return feed;
    }

    /** Waits for all that was asked for, after a step that broke off. */
    void settle() {
        device.stream(StreamRole.ACTIVATIONS_IN).join();
        device.stream(StreamRole.COMPUTE).join();
        device.stream(StreamRole.ACTIVATIONS_OUT).join();
    }

    @Override
    public void close() {
        try {
            if (feed != null) {
                feed.close();
            }
        } finally {
            space.close();
        }
    }
}
