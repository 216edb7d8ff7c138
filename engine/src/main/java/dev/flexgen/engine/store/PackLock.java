package dev.flexgen.engine.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The right to write one packed model. It ends with the process at the latest. */
final class PackLock implements AutoCloseable {

    /** What the system keeps per process: closing a second channel on a file would give the first one's lock away. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private PackLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Null if somebody else has it. */
    static @Nullable PackLock tryOpen(Path file) throws IOException {
        Path key = file.toAbsolutePath().normalize();
        if (!HELD_HERE.add(key)) {
            return null;
        }
        @Nullable PackLock lock = null;
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (isLocked(channel)) {
                lock = new PackLock(key, channel);
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

    /** True as well where the file system has no locks: whatever is published was whole. */
    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException noLocks) {
            return true;
        }
    }

    /** The file stays: deleting it would let two others lock different files of the same name. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The lock goes all the same.
        } finally {
            HELD_HERE.remove(file);
        }
    }
}
