package dev.flexgen.engine.memory;

import dev.flexgen.engine.base.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Host memory off the Java heap, zeroed and cache-line aligned. Thread-safe. */
public final class HostMemory {

    /** A memory page: more than vectors need, and what direct reads from a disk ask for. */
    private static final long ALIGNMENT = 4096;

    /** From here on whole pages of the system's, which are huge, are worth it. */
    private static final long LARGE = 8L << 20;

    private final Ledger ledger;
    private final Optional<HostPages> pages = HostPages.ofThisSystem();

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

    private Buffer.Memory take(String owner, long bytes) {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment memory = pages.filter(it -> bytes >= LARGE)
                    .flatMap(it -> it.take(bytes, arena))
                    .orElseGet(() -> arena.allocate(bytes, ALIGNMENT));
            return new Buffer.Memory(memory, arena::close);
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
