package dev.flexgen.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much room there is for files. A {@link java.nio.file.FileStore} knows it only where the system lists its mounts, and in a
 * chroot or a small container it does not.
 */
public final class DiskSpace {

    private DiskSpace() {}

    /** Bytes that this user may still write to the file system that a folder is on, or would be; it need not exist. */
    public static long free(Path folder) {
        Path existing = folder.toAbsolutePath();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return existing.getFileSystem().equals(FileSystems.getDefault())
                ? existing.toFile().getUsableSpace()
                : ofStore(existing);
    }

    /** Other file systems, such as one in a zip file, have no list of mounts to miss. */
    private static long ofStore(Path existing) {
        try {
            return Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
