package dev.flexgen.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The right to write to one model's folder. It ends with the process at the latest. */
final class PullLock implements AutoCloseable {

    /**
     * Static because it mirrors what the operating system keeps per process: a second channel on the file would not be kept
     * out, and closing it would even give the first one's lock away.
     */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private PullLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Null if somebody else has it. */
    static @Nullable PullLock tryOpen(Path file) throws IOException {
        Path key = file.toAbsolutePath().normalize();
        if (!HELD_HERE.add(key)) {
            return null;
        }
        PullLock lock = null;
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !SharedStore.isFile(file)) {
                throw new FileSystemException(file.toString(), null, "no regular file");
            }
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            if (isLocked(channel)) {
                lock = new PullLock(key, channel);
            } else {
                channel.close();
            }
            return lock;
        } finally {
            if (lock == null) {
                HELD_HERE.remove(key);
            }
        }
    }

    /** True as well where the file system has no locks: all writers of one content write the same bytes, and all check them. */
    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException noLocks) {
            return true;
        }
    }

    /** The file stays: deleting it would let two others lock different files of the same name. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD_HERE.remove(file);
        }
    }
}
