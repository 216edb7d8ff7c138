package dev.flexgen.engine.memory;

import dev.flexgen.engine.EngineException;
import java.lang.foreign.Arena;

/** Host memory off the Java heap, zeroed and cache-line aligned. Thread-safe. */
public final class HostMemory {

    /** A memory page: more than vectors need, and what direct reads from a disk ask for. */
    private static final long ALIGNMENT = 4096;

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
        return Buffer.take(ledger, Tier.HOST, owner, bytes, () -> take(owner, bytes));
    }

    private static Buffer.Memory take(String owner, long bytes) {
        Arena arena = Arena.ofShared();
        try {
            return new Buffer.Memory(arena.allocate(bytes, ALIGNMENT), arena::close);
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
