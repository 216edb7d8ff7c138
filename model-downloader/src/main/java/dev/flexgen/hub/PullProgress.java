package dev.flexgen.hub;

import java.util.HashMap;
import java.util.Map;

/** Adds the files' progress up and tells the listener, one call at a time. Safe for threads. */
final class PullProgress {

    private static final long INTERVAL_NANOS = 100_000_000;

    private final PullListener listener;
    private final long total;
    private final Map<String, Long> done = new HashMap<>();
    private final Map<String, Long> told = new HashMap<>();
    private long totalDone;

    /** @param present bytes of files that are here and will not be mentioned again */
    PullProgress(PullListener listener, long total, long present) {
        this.listener = listener;
        this.total = total;
        this.totalDone = present;
    }

    /** Bytes of all files, those from before among them. */
    synchronized long totalDone() {
        return totalDone;
    }

    synchronized void tell(PullEvent event) {
        listener.on(event);
    }

    /** The first call for a file says what is here of it from before. */
    synchronized void at(RemoteFile file, long bytes) {
        Long before = done.put(file.path(), bytes);
        totalDone += bytes - (before == null ? 0 : before);
        long now = System.nanoTime();
        Long last = told.get(file.path());
        if (last == null || now - last >= INTERVAL_NANOS || bytes == file.bytes()) {
            told.put(file.path(), now);
            listener.on(new PullEvent.Progress(file.path(), bytes, file.bytes(), totalDone, total));
        }
    }
}
