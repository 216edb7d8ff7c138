package dev.flexgen.chat.pull;

/**
 * How far one file is.
 *
 * @param path within the repository
 * @param doneBytes on this machine already
 */
public record FileProgress(String path, long bytes, long doneBytes, Phase phase) {

    /** What is being done with a file. */
    public enum Phase {
        WAITING,
        LOADING,
        /** All bytes are here, and its checksum is computed. */
        CHECKING,
        DONE
    }
}
