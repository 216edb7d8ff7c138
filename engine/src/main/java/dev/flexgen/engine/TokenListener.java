package dev.flexgen.engine;

/** Told of every generated token, on the engine's thread, before the next is computed. */
@FunctionalInterface
public interface TokenListener {

    /** Whether to go on. */
    enum Verdict {
        CONTINUE,
        STOP
    }

    Verdict onToken(int id);
}
