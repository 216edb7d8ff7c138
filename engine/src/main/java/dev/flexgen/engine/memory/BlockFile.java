package dev.flexgen.engine.memory;

import java.lang.foreign.MemorySegment;

/** A file from which blocks of weights are read while a model runs. Any thread. */
public interface BlockFile extends AutoCloseable {

    /**
     * Fills {@code target} from {@code offset} on.
     *
     * @throws dev.flexgen.engine.base.EngineException if the disk fails, or the file is damaged
     */
    void read(long offset, MemorySegment target);

    @Override
    void close();
}
