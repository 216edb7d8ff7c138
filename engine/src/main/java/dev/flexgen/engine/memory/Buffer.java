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
    private final MemorySegment segment;
    private final Runnable release;
    private boolean closed;

    /** @param release frees the memory behind {@code segment} */
    public Buffer(Ledger ledger, Tier tier, String owner, MemorySegment segment, Runnable release) {
        this.ledger = ledger;
        this.tier = tier;
        this.owner = owner;
        this.segment = segment;
        this.release = release;
        ledger.enter(tier, owner, segment.byteSize());
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
            ledger.leave(tier, owner, segment.byteSize());
        }
    }
}
