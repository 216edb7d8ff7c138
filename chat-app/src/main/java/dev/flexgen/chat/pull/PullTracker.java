package dev.flexgen.chat.pull;

import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.hub.PullEvent;
import dev.flexgen.hub.PullPlan;
import dev.flexgen.hub.RemoteFile;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** Adds the hub's events up to how far a download is. Told by one thread at a time, as the hub promises. */
final class PullTracker {

    private final String model;
    private final LongSupplier nanoTime;
    private final Map<String, FileProgress> files = new LinkedHashMap<>();
    private final Rate rate = new Rate();
    private long totalBytes;
    private long doneBytes;
    private String note = PullState.ASKING;

    PullTracker(String model, LongSupplier nanoTime) {
        this.model = model;
        this.nanoTime = nanoTime;
    }

    /** How far it is after one more event. */
    PullState after(PullEvent event) {
        switch (event) {
            case PullEvent.Planned(var plan) -> plan(plan);
            case PullEvent.FileStarted(var path, var bytes, var resumedFrom) -> {
                note = "";
                files.put(path, new FileProgress(path, bytes, resumedFrom, Phase.LOADING));
            }
            case PullEvent.Progress(var path, var fileDone, var fileBytes, var totalDone, var _) -> {
                note = "";
                files.put(path, new FileProgress(path, fileBytes, fileDone, loading(path, fileDone, fileBytes)));
                count(totalDone);
            }
            case PullEvent.Verifying(var path) -> phase(path, Phase.CHECKING);
            case PullEvent.FileDone(var path) -> phase(path, Phase.DONE);
            case PullEvent.Retrying(var path, var reason, var wait) ->
                note = path + ": " + reason + "; again in " + seconds(wait);
            case PullEvent.Waiting(var reason, var wait) -> note = reason + "; waiting " + seconds(wait);
            case PullEvent.Corrupt(var path) -> {
                note = path + " arrived damaged and is fetched again";
                phase(path, Phase.LOADING);
            }
            case PullEvent.Done _ -> {
                note = "";
                List.copyOf(files.keySet()).forEach(path -> phase(path, Phase.DONE));
                count(totalBytes);
            }
        }
        return new PullState(
                model,
                List.copyOf(files.values()),
                totalBytes,
                doneBytes,
                rate.bytesPerSecond(nanoTime.getAsLong()),
                note);
    }

    private void plan(PullPlan plan) {
        note = "";
        files.clear();
        for (RemoteFile file : plan.files()) {
            files.put(file.path(), new FileProgress(file.path(), file.bytes(), 0, Phase.WAITING));
        }
        totalBytes = plan.totalBytes();
        count(plan.presentBytes());
    }

    private void count(long bytes) {
        doneBytes = bytes;
        rate.add(nanoTime.getAsLong(), bytes);
    }

    /** The last bytes of a file may be reported after what was done with it. */
    private Phase loading(String path, long done, long bytes) {
        FileProgress before = files.get(path);
        return done == bytes && before != null && before.phase() != Phase.WAITING ? before.phase() : Phase.LOADING;
    }

    private void phase(String path, Phase phase) {
        FileProgress file = files.get(path);
        if (file != null) {
            long done = phase == Phase.LOADING ? file.doneBytes() : file.bytes();
            files.put(path, new FileProgress(path, file.bytes(), done, phase));
        }
    }

    private static String seconds(Duration wait) {
        return Math.max(1, wait.toSeconds()) + " s";
    }
}
