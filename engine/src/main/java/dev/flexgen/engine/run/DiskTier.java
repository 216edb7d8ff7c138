package dev.flexgen.engine.run;

import dev.flexgen.engine.memory.ScratchFile;

/** Makes the file of the disk tier when a plan needs one. */
@FunctionalInterface
public interface DiskTier {

    /**
     * A file for so many bytes.
     *
     * @throws dev.flexgen.engine.EngineException of kind PLACEMENT if there is no room for them, or no folder
     */
    ScratchFile open(long bytes);
}
