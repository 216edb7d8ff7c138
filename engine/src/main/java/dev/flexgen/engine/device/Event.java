package dev.flexgen.engine.device;

/**
 * A point in a stream's work. May be recorded again and again: who waits, waits for the latest recording made before it began
 * to wait. One that was never recorded is reached. Used by the threads that own the streams concerned.
 */
public interface Event extends AutoCloseable {

    /**
     * Blocks the calling thread until the recorded point is reached.
     *
     * @throws dev.flexgen.engine.base.EngineException of kind DEVICE if work before it failed
     */
    void join();

    @Override
    void close();
}
