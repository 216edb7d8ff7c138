package dev.flexgen.engine.memory;

import java.lang.foreign.MemorySegment;

/**
 * Bytes on one tier, entered in a {@link Ledger} until closed. On {@link Tier#GPU} the segment's address is a device address,
 * which only that device's operations may use. Closed by whoever allocated it; not thread-safe to close.
 */
public final class Buffer implements AutoCloseable {

    private final Ledger ledger;
    private final Tier tier;
    private final String owner;
    private final long bytes;
    private final MemorySegment segment;
    private final Runnable release;
    private boolean closed;

    private Buffer(Ledger ledger, Tier tier, String owner, long bytes, Memory memory) {
        this.ledger = ledger;
        this.tier = tier;
        this.owner = owner;
        this.bytes = bytes;
        this.segment = memory.segment();
        this.release = memory.release();
    }

    /** Takes memory of a known size. */
    @FunctionalInterface
    public interface Source {
        /** The memory, and how it is freed. */
        Memory take();
    }

    /** Memory before it has an entry in a ledger. */
    public record Memory(MemorySegment segment, Runnable release) {}

    /**
     * Enters {@code bytes} in the ledger, then takes them from {@code source}; if that fails, neither has happened.
     *
     * @param bytes that are really taken: a driver that rounds up gives a segment of fewer
     * @throws dev.flexgen.engine.base.EngineException of kind PLACEMENT if the ledger's cap forbids it
     */
    public static Buffer take(Ledger ledger, Tier tier, String owner, long bytes, Source source) {
        ledger.enter(tier, owner, bytes);
        try {
            Memory memory = source.take();
            return new Buffer(ledger, tier, owner, bytes, memory);
        } catch (Throwable e) {
            ledger.leave(tier, owner, bytes);
            throw e;
        }
    }

    public MemorySegment segment() {
        return segment;
    }

    public Tier tier() {
        return tier;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            release.run();
            ledger.leave(tier, owner, bytes);
        }
    }
}
