package dev.flexgen.chat.setup;

import dev.flexgen.config.Bytes;
import dev.flexgen.config.DiskSpace;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder in which models are to be kept; need not exist yet. */
public final class StoreFolder {

    /** Tokenizers, configurations and what the file system takes for itself. */
    private static final long SPARE_BYTES = 64L << 20;

    private StoreFolder() {}

    /** Why so many bytes cannot be kept there, as a sentence; empty if they can. */
    public static String problem(Path folder, long bytes) {
        Path existing = existing(folder);
        if (!Files.isDirectory(existing)) {
            return existing + " is a file, not a folder; choose another place.";
        }
        if (!Files.isWritable(existing)) {
            return existing + " cannot be written; choose another folder or change its permissions.";
        }
        long free = DiskSpace.free(folder);
        return bytes > 0 && free < bytes + SPARE_BYTES
                ? folder + " has " + Bytes.format(free) + " free, but the download takes " + Bytes.format(bytes)
                        + "; make room or choose another folder."
                : "";
    }

    private static Path existing(Path folder) {
        Path path = folder;
        while (!Files.exists(path) && path.getParent() != null) {
            path = path.getParent();
        }
        return path;
    }
}
