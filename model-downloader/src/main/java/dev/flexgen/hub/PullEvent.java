package dev.flexgen.hub;

import java.nio.file.Path;
import java.time.Duration;

/** Something that happened during a pull. */
public sealed interface PullEvent {

    /** The pull begins. */
    record Planned(PullPlan plan) implements PullEvent {}

    /**
     * A file is taken up.
     *
     * @param resumedFrom bytes of it that are here from before
     */
    record FileStarted(String path, long bytes, long resumedFrom) implements PullEvent {}

    /**
     * Bytes arrived; some may be fetched again later, so the numbers can shrink.
     *
     * @param totalDone of all files
     */
    record Progress(String path, long fileBytesDone, long fileBytes, long totalDone, long total) implements PullEvent {}

    /** All bytes of a file are here; their hash is being compared. */
    record Verifying(String path) implements PullEvent {}

    /** A file is in the store. */
    record FileDone(String path) implements PullEvent {}

    /**
     * Something failed and is tried again.
     *
     * @param delay until then
     */
    record Retrying(String path, String reason, Duration delay) implements PullEvent {}

    /** The pull stands still: the hub asks for patience, or another program fetches the same model. */
    record Waiting(String reason, Duration delay) implements PullEvent {}

    /** A file was not what the hub announced; it is fetched again. */
    record Corrupt(String path) implements PullEvent {}

    /** All is in the store. */
    record Done(Path folder, long bytes) implements PullEvent {}
}
