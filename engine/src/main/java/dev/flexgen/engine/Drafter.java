package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;

/**
 * Guesses how a sequence goes on, cheaply; the model then checks the guess in one step (speculative decoding). A guess changes the speed
 * of a reply and nothing else. Used by the thread of the session that it drafts for.
 */
public interface Drafter extends AutoCloseable {

    /**
     * How many ids of a sequence it would have to read before it could guess at the usual cost; 0 for one that does not read ahead.
     *
     * @param ids of the sequence; only the first {@code length} count
     */
    default int behind(int[] ids, int length) {
        return 0;
    }

    /**
     * Reads those.
     *
     * @param cancel ends the reading early
     * @throws dev.flexgen.engine.base.EngineException if that fails; the reply goes on without drafts
     */
    default void read(int[] ids, int length, CancelToken cancel) {
        // most need not
    }

    /**
     * A guess.
     *
     * @param ids of the sequence; only the first {@code length} count
     * @param most ids wanted, at least 1
     * @param cancel ends the guessing early
     * @return up to {@code most} ids that may follow; none if there is nothing to go by
     * @throws dev.flexgen.engine.base.EngineException if drafting fails; the reply goes on without
     */
    int[] draft(int[] ids, int length, int most, CancelToken cancel);

    @Override
    void close();
}
