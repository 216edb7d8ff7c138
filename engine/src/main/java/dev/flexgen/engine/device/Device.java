package dev.flexgen.engine.device;

import dev.flexgen.engine.memory.AllocationPolicy;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.quant.Encoding;

/**
 * Something that computes on memory of its own. A GPU queues operations and copies and runs them later, those of a {@link
 * StreamRole} in order; the processor runs them at once. The engine opens and closes devices.
 */
public interface Device extends AutoCloseable {

    /** For people: "CPU, 8 threads". */
    String name();

    /** The tier whose memory {@link #ops()} computes on. */
    Tier tier();

    /** Whether {@link #ops()} can do {@code operation} on numbers of {@code encoding}; the same as long as the device is open. */
    boolean supports(Operation operation, Encoding encoding);

    /** Whether {@link #ops()} can do what only some models need; the same as long as the device is open. */
    boolean supports(Capability capability);

    /** For how many query heads one operation takes {@link Scoring#slopes()}; the same as long as the device is open. */
    default int mostSlopes() {
        return Integer.MAX_VALUE;
    }

    /**
     * Zeroed memory on {@link #tier()}, entered in the ledger under {@code owner}; aligned for any use.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if there is not that much, or the ledger's cap forbids it
     */
    Buffer allocate(String owner, long bytes);

    /** In which amounts memory on {@link #tier()} is really taken, which plans must count. */
    default AllocationPolicy allocationPolicy() {
        return AllocationPolicy.EXACT;
    }

    /**
     * Zeroed host memory that this device copies from and to at full speed and without blocking: page-locked, for a GPU.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if the system refuses it
     */
    Buffer allocateHost(String owner, long bytes);

    /** Operations on the stream {@link StreamRole#COMPUTE}. */
    Ops ops();

    /**
     * Whether operations met numbers that the device's fastest ways cannot hold, since this was last asked. If so, what was computed
     * since is wrong and has to be computed once more: from now on the device takes other ways wherever such numbers may come. For
     * when all work has ended.
     */
    default boolean mustRepeat() {
        return false;
    }

    /** The stream for one kind of work; the same for several kinds where the device has but one. */
    Stream stream(StreamRole lane);

    /** A new event, closed by the caller. */
    Event event();

    /** Waits for work under way, then frees what the device itself holds; buffers are closed before. */
    @Override
    void close();

    /** Products with many tokens take them so many at a time: fewer take as long. */
    default int tokensAtOnce() {
        return 1;
    }

    /** Says that operations follow within some hundred microseconds. A device with threads that sleep may wake them. */
    default void rouse() {}

    /**
     * Asks for operations of this device and does something else on the same thread: where the device's own threads compute, as soon as
     * they are at work on the operations, else before.
     *
     * @param operations of this device
     * @param other asks other devices for theirs
     */
    default void during(Runnable operations, Runnable other) {
        other.run();
        operations.run();
    }
}
