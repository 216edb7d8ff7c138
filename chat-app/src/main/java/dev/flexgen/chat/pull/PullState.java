package dev.flexgen.chat.pull;

import java.util.List;

/**
 * How far a download is, at one moment.
 *
 * @param model as the user would type it
 * @param doneBytes of all files, those that were here before included
 * @param bytesPerSecond of the last few seconds; 0 while it is not known
 * @param note something that holds the download up, to be shown while it does; empty if nothing does
 */
public record PullState(
        String model, List<FileProgress> files, long totalBytes, long doneBytes, double bytesPerSecond, String note) {

    /** The note before the hub has said what there is. */
    static final String ASKING = "asking the hub";

    public PullState {
        files = List.copyOf(files);
    }

    /** Before the hub has said what there is. */
    public static PullState asking(String model) {
        return new PullState(model, List.of(), 0, 0, 0, ASKING);
    }

    public long filesDone() {
        return files.stream()
                .filter(file -> file.phase() == FileProgress.Phase.DONE)
                .count();
    }
}
