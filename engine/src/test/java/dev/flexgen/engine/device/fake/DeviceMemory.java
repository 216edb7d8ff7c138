package dev.flexgen.engine.device.fake;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * The memory of a fake GPU. Only the simulation's thread can read and write it; other threads can cut segments into slices. Owned by
 * the simulation's thread, except for methods that say otherwise.
 */
final class DeviceMemory {

    private static final long ALIGNMENT = 256;

    private final long capacity;
    private final AddressRanges ranges = new AddressRanges();
    private final Map<MemorySegment, Arena> arenas = new HashMap<>();
    private long held;
    private volatile long peak;

    DeviceMemory(long capacity) {
        this.capacity = capacity;
    }

    /** Takes memory. Any thread. */
    Buffer allocate(Ledger ledger, Simulation simulation, String owner, long bytes) {
        return Buffer.take(ledger, Tier.GPU, owner, bytes, () -> {
            MemorySegment segment = simulation.call(() -> take(owner, bytes));
            return new Buffer.Memory(segment, () -> simulation.call(() -> free(segment)));
        });
    }

    static EngineException refused(String owner, long bytes) {
        return EngineException.placement(
                "The GPU has no " + bytes + " bytes left for " + owner + "; close other programs that use it");
    }

    /** Whether it holds a segment. Any thread. */
    boolean contains(MemorySegment segment) {
        return ranges.contain(segment);
    }

    /** Most bytes held at a time. Any thread. */
    long peak() {
        return peak;
    }

    void freeAll() {
        arenas.values().forEach(Arena::close);
        arenas.clear();
    }

    private MemorySegment take(String owner, long bytes) {
        if (bytes > capacity - held) {
            throw refused(owner, bytes);
        }
        Arena arena = Arena.ofConfined();
        MemorySegment segment = arena.allocate(bytes, ALIGNMENT);
        arenas.put(segment, arena);
        ranges.add(segment);
        held += bytes;
        peak = Math.max(peak, held);
        return segment;
    }

    /** Returns the bytes left. */
    private long free(MemorySegment segment) {
        Arena arena = arenas.remove(segment);
        if (arena == null) {
            throw new IllegalStateException("freed twice: " + segment);
        }
        ranges.remove(segment);
        held -= segment.byteSize();
        arena.close();
        return capacity - held;
    }
}
