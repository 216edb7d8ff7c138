package dev.flexgen.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;

/**
 * Copies of {@link PackedFile}s for those who can only read them from a folder, such as the system's loader of libraries. Kept
 * from run to run where that is safe; what is missing or damaged is made again. Where it is not, because others could have put
 * something there or because no room is left, the copies live as long as the process. Any thread, any number of processes.
 */
public final class UnpackedFiles {

    private UnpackedFiles() {}

    /**
     * The folder that has all of {@code files}, each under its own name.
     *
     * @param preferred where they should be kept; need not exist
     * @throws IOException with one clause as its message if there is no place for them
     */
    public static Path in(Path preferred, List<PackedFile> files) throws IOException {
        return in(preferred, files, Path.of(System.getProperty("java.io.tmpdir")));
    }

    static Path in(Path preferred, List<PackedFile> files, Path temporary) throws IOException {
        try {
            PrivateFolder.make(preferred);
            unpack(files, preferred);
            return preferred;
        } catch (IOException unusable) {
            return inTemporary(temporary, unusable, files);
        }
    }

    /**
     * A folder for somebody who unpacks by himself and needs no more than {@code bytes}: {@code preferred} where that is safe and
     * has room, else one that goes with the process.
     *
     * @throws IOException with one clause as its message if there is no place
     */
    public static Path folder(Path preferred, long bytes) throws IOException {
        return folder(preferred, bytes, Path.of(System.getProperty("java.io.tmpdir")));
    }

    static Path folder(Path preferred, long bytes, Path temporary) throws IOException {
        try {
            PrivateFolder.make(preferred);
            if (DiskSpace.free(preferred) < bytes) {
                throw new IOException("the folder " + preferred + " has no room for " + (bytes >> 20) + " MiB");
            }
            return preferred;
        } catch (IOException unusable) {
            return inTemporary(temporary, unusable, List.of());
        }
    }

    private static void unpack(List<PackedFile> files, Path folder) throws IOException {
        for (PackedFile file : files) {
            if (!file.matches(folder.resolve(file.name()))) {
                replace(folder, file);
            }
        }
    }

    private static void replace(Path folder, PackedFile file) throws IOException {
        Path copy = folder.resolve(file.name());
        Path fresh = copy.resolveSibling(copy.getFileName() + "." + UUID.randomUUID() + Leftovers.SUFFIX);
        Leftovers.delete(folder, "*" + Leftovers.SUFFIX);
        try {
            file.copyTo(fresh);
            if (!file.matches(fresh)) {
                throw new IOException("what was written to " + fresh + " reads differently");
            }
            // One that another process has loaded stays what it is to that process.
            Files.move(fresh, copy, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new IOException(copy + " cannot be written (" + FileFailure.reason(e) + ")", e);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static Path inTemporary(Path temporary, IOException unusable, List<PackedFile> files) throws IOException {
        try {
            Path folder = RunFolder.in(temporary);
            unpack(files, folder);
            return folder;
        } catch (IOException e) {
            e.addSuppressed(unusable);
            String reason = Files.isDirectory(temporary) ? e.getMessage() : "there is no such folder";
            throw new IOException(
                    unusable.getMessage() + ", nor can the temporary folder " + temporary + " be used (" + reason + ")",
                    e);
        }
    }
}
