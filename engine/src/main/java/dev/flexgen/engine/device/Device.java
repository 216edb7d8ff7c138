package dev.flexgen.engine.device;

import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.Tier;

/**
 * Something that computes on memory of its own. Opened and closed by the engine; its operations are called by one thread at a
 * time.
 */
public interface Device extends AutoCloseable {

    /** For people: "CPU, 8 threads". */
    String name();

    /** The tier whose memory {@link #ops()} computes on. */
    Tier tier();

    /** Zeroed memory on {@link #tier()}, entered in the ledger under {@code owner}. */
    Buffer allocate(String owner, long bytes);

    Ops ops();

    @Override
    void close();
}
