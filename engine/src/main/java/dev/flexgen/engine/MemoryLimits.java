package dev.flexgen.engine;

import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.memory.Tier;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a model may take.
 *
 * @param gpuBytes most of each GPU's memory, context and library workspaces included; 0 for nearly all that is free
 * @param hostBytes most of host memory for weights, caches and buffers; 0 for what is free
 * @param diskFolder where weights go that fit neither; none forbids it
 */
public record MemoryLimits(
        long gpuBytes, long hostBytes, @Nullable Path diskFolder) {

    /** Nearly all memory, no disk. */
    public static final MemoryLimits NONE = new MemoryLimits(0, 0, null);

    public MemoryLimits {
        if (gpuBytes < 0 || hostBytes < 0) {
            throw new IllegalArgumentException("negative memory limit");
        }
    }

    /** Has the ledger refuse what would be more of host memory. */
    void capHost(Ledger ledger) {
        if (hostBytes > 0) {
            ledger.cap(Tier.HOST, hostBytes);
        }
    }
}
