package dev.flexgen.engine.run;

import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Lane;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.plan.Work;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A device at work on a model: its operations, memory for the activations of its shards, and whatever brings the weights it
 * does not hold. Owned by the engine's thread.
 */
final class Station implements AutoCloseable {

    private final int index;
    private final Device device;
    private final ShardSpace space;
    private final @Nullable Feed feed;
    private final List<Tier> tiers;

    /**
     * Takes over {@code space} and {@code feed}.
     *
     * @param index of the device in the plan
     * @param feed unless it holds all it computes with
     * @param tiers on which each device computes
     */
    Station(int index, Device device, ShardSpace space, @Nullable Feed feed, List<Tier> tiers) {
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

    Stream stream(Lane lane) {
        return device.stream(lane);
    }

    ShardSpace space() {
        return space;
    }

    /** Whether this device multiplies with the block. */
    boolean multiplies(WeightBlock<?> block, Work work) {
        return block.shard().device(work) == index;
    }

    /** Whether this device keeps the keys and values of the block's heads. */
    boolean attends(WeightBlock<?> block) {
        return block.shard().device() == index;
    }

    /** A step begins. */
    void begin(Work work) {
        if (feed != null) {
            feed.begin(work);
        }
    }

    /** The block's matrices, for operations asked for from now on; {@link #done} follows. */
    <V> V take(WeightBlock<V> block, Work work) {
        if (block.inPlace(work, tiers)) {
            return block.resident();
        }
        return block.layout().in(feed().take());
    }

    /** The operations that use the block have been asked for. Blocks are done with in the order in which they were taken. */
    void done(WeightBlock<?> block, Work work) {
        if (!block.inPlace(work, tiers)) {
            feed().release();
        }
    }

    private Feed feed() {
        if (feed == null) {
            throw new IllegalStateException("nothing feeds " + device.name());
        }
        return feed;
    }

    /** Waits for all that was asked for, after a step that broke off. */
    void settle() {
        device.stream(Lane.ACTIVATIONS_IN).join();
        device.stream(Lane.COMPUTE).join();
        device.stream(Lane.ACTIVATIONS_OUT).join();
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
