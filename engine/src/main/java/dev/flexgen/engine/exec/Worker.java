package dev.flexgen.engine.exec;

import dev.flexgen.engine.base.Resources;
import dev.flexgen.engine.device.Device;
import dev.flexgen.engine.device.Event;
import dev.flexgen.engine.device.Ops;
import dev.flexgen.engine.device.Stream;
import dev.flexgen.engine.device.StreamRole;
import dev.flexgen.engine.plan.Access;
import dev.flexgen.engine.plan.BlockId;
import dev.flexgen.engine.plan.Schedule;
import dev.flexgen.engine.transfer.ActiveRows;
import dev.flexgen.engine.transfer.ExpertFetcher;
import dev.flexgen.engine.transfer.WeightPrefetcher;
import dev.flexgen.engine.weights.WeightBlock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A device at work on a model: its operations, memory for the activations of its shards, and what brings the weights it does not
 * hold. Owned by the engine's thread.
 */
final class Worker implements AutoCloseable {

    private final int index;
    private final Device device;
    private final ShardActivations activations;
    private final @Nullable WeightPrefetcher prefetcher;
    private final @Nullable ActiveRows activeRows;
    private final @Nullable ExpertFetcher experts;
    private final @Nullable HostAttention hostAttention;
    private final Map<List<BlockId>, List<BlockId>> streamed = new HashMap<>();
    private final Event finished;

    /**
     * Takes over what it is given.
     *
     * @param index of the device in the plan
     * @param prefetcher unless no block is streamed to it
     * @param activeRows unless no rows are read on demand for it
     * @param experts unless none is
     * @param hostAttention unless it multiplies for no other device's heads
     */
    Worker(
            int index,
            Device device,
            ShardActivations activations,
            @Nullable WeightPrefetcher prefetcher,
            @Nullable ActiveRows activeRows,
            @Nullable ExpertFetcher experts,
            @Nullable HostAttention hostAttention) {
        this.index = index;
        this.device = device;
        this.activations = activations;
        this.prefetcher = prefetcher;
        this.activeRows = activeRows;
        this.experts = experts;
        this.hostAttention = hostAttention;
        this.finished = device.event();
    }

    int index() {
        return index;
    }

    Device device() {
        return device;
    }

    Ops ops() {
        return device.ops();
    }

    Stream stream(StreamRole role) {
        return device.stream(role);
    }

    ShardActivations activations() {
        return activations;
    }

    /** A step begins: prefetching follows its schedule from now on. */
    void begin(Schedule schedule, boolean withHead) {
        if (prefetcher != null) {
            List<BlockId> blocks = schedule.streamed(index, withHead);
            prefetcher.begin(streamed.computeIfAbsent(blocks, same -> same));
        }
    }

    /** The block's matrices, for operations asked for from now on; {@link #done} follows. */
    <V> V take(WeightBlock<V> block, Access access) {
        return switch (access) {
            case RESIDENT, MAPPED -> block.inPlace();
            case STREAMED ->
                block.layout().in(present(prefetcher, "nothing is streamed").take(block.id()));
            case ON_DEMAND -> throw new IllegalStateException("rows on demand are not taken whole: " + block.id());
        };
    }

    /** The operations that use the block have been asked for. Blocks are done with in the order in which they were taken. */
    void done(Access access) {
        if (access == Access.STREAMED) {
            present(prefetcher, "nothing is streamed").release();
        }
    }

    ActiveRows activeRows() {
        return present(activeRows, "no rows are read on demand");
    }

    ExpertFetcher experts() {
        return present(experts, "no experts are read on demand");
    }

    HostAttention hostAttention() {
        return present(hostAttention, "no heads are multiplied for another device");
    }

    private <T> T present(@Nullable T part, String otherwise) {
        if (part == null) {
            throw new IllegalStateException(otherwise + " on " + device.name());
        }
        return part;
    }

    /** Waits for the operations that were asked for. */
    void await() {
        device.stream(StreamRole.COMPUTE).record(finished);
        finished.join();
    }

    /** Waits for all that was asked for, after a step that broke off. */
    void settle() {
        device.stream(StreamRole.ACTIVATIONS_IN).join();
        device.stream(StreamRole.COMPUTE).join();
        device.stream(StreamRole.ACTIVATIONS_OUT).join();
    }

    @Override
    public void close() {
        try (Resources resources = new Resources()) {
            resources.keep(activations);
            resources.keep(finished);
            for (AutoCloseable part : new @Nullable AutoCloseable[] {hostAttention, activeRows, experts, prefetcher}) {
                if (part != null) {
                    resources.keep(part);
                }
            }
        }
    }
}
