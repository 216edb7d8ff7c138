package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;

/**
 * Guesses how a sequence goes on, cheaply; the model then checks the guess in one step (speculative decoding). A guess changes the speed
 * of a reply and nothing else. Used by the thread of the session that it drafts for.
 */
public interface Drafter extends AutoCloseable {

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
