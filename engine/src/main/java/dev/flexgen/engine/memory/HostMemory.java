package dev.flexgen.engine.memory;

import dev.flexgen.engine.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory off the Java heap, zeroed and cache-line aligned. Thread-safe. */
public final class HostMemory {

    /** A cache line, and the widest vector register. */
    private static final long ALIGNMENT = 64;

    private final Ledger ledger;

    public HostMemory(Ledger ledger) {
        this.ledger = ledger;
    }

    /**
     * Takes {@code bytes} for {@code owner}.
     *
     * @throws EngineException of kind PLACEMENT if the system has not that much memory left
     */
    public Buffer allocate(String owner, long bytes) {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment segment = arena.allocate(bytes, ALIGNMENT);
            return new Buffer(ledger, Tier.HOST, owner, segment, arena::close);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new EngineException(
                    EngineException.Kind.PLACEMENT,
                    "Host memory is exhausted: " + owner + " needs " + (bytes >> 20)
                            + " MiB more; close other programs," + " choose a smaller model or a shorter --context",
                    e);
        }
    }
}
