package dev.flexgen.chat.cli;

import dev.flexgen.chat.pull.FileProgress;
import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.chat.pull.PullDisplay;
import dev.flexgen.chat.pull.PullState;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** A download as JSON objects, one a line: what there is to do, each change of a file, progress once a second, the end. */
final class JsonProgress implements PullDisplay {

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> lines;
    private final LongSupplier nanoTime;
    private final Map<String, Phase> phases = new HashMap<>();
    private boolean planned;
    private String lastNote = "";
    private long last;

    /** @param lines takes one object at a time, without a line end */
    JsonProgress(Consumer<String> lines, LongSupplier nanoTime) {
        this.lines = lines;
        this.nanoTime = nanoTime;
    }

    @Override
    public void show(PullState state) {
        if (!state.note().equals(lastNote)) {
            lastNote = state.note();
            if (!lastNote.isEmpty()) {
                lines.accept(JsonLine.of(line ->
                        line.put("event", "note").put("model", state.model()).put("note", state.note())));
            }
        }
        if (state.files().isEmpty()) {
            return;
        }
        if (!planned) {
            planned = true;
            last = nanoTime.getAsLong();
            lines.accept(JsonLine.of(line -> progress(line, "plan", state)));
        }
        for (FileProgress file : state.files()) {
            Phase before = phases.put(file.path(), file.phase());
            if (file.phase() != (before == null ? Phase.WAITING : before)) {
                lines.accept(JsonLine.of(line -> line.put("event", "file")
                        .put("path", file.path())
                        .put("phase", file.phase().name().toLowerCase(Locale.ROOT))
                        .put("bytes", file.bytes())
                        .put("done_bytes", file.doneBytes())));
            }
        }
        long now = nanoTime.getAsLong();
        if (now - last >= INTERVAL_NANOS) {
            last = now;
            lines.accept(JsonLine.of(line -> progress(line, "progress", state)));
        }
    }

    @Override
    public void end(PullState state) {
        show(state);
        lines.accept(JsonLine.of(line -> progress(line, "end", state)));
    }

    private static void progress(JsonLine line, String event, PullState state) {
        line.put("event", event)
                .put("model", state.model())
                .put("files", state.files().size())
                .put("files_done", state.filesDone())
                .put("total_bytes", state.totalBytes())
                .put("done_bytes", state.doneBytes())
                .put("bytes_per_second", Math.round(state.bytesPerSecond()));
    }
}
