package dev.flexgen.engine.memory;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/** Opens files whose reads and writes bypass the system's page cache. */
public final class DirectFiles {

    /** What direct reads and writes want of offsets, lengths and addresses. */
    public static final long PAGE = 4096;

    private DirectFiles() {}

    /** Opens a file that exists; empty where the system cannot do that directly. */
    public static Optional<FileChannel> open(Path path, OpenOption... options) {
        try {
            // Networks have file systems with larger blocks than our pages.
            if (PAGE % Files.getFileStore(path).getBlockSize() != 0) {
                return Optional.empty();
            }
            // By name: the compiler warns of every mention of this option, and cannot be told not to.
            OpenOption direct = (OpenOption) Class.forName("com.sun.nio.file.ExtendedOpenOption")
                    .getField("DIRECT")
                    .get(null);
            return Optional.of(FileChannel.open(
                    path,
                    Stream.concat(Arrays.stream(options), Stream.of(direct)).toArray(OpenOption[]::new)));
        } catch (ReflectiveOperationException | UnsupportedOperationException | IOException e) {
            return Optional.empty(); // a Java without it, or a file system in memory, for one
        }
    }
}
