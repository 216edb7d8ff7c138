package dev.flexgen.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Remembers which files have been seen to hold what their name says, so that each is hashed once. A file is known by its place on
 * the disk and the time of its last change, which only the system sets; the memory is this user's own and outside the store, to which
 * others may write. Where it cannot be kept, files are hashed again. Safe for threads.
 */
final class VerifiedBlobs {

    private static final int BUFFER_BYTES = 1 << 20;
    private static final int MOST_LINES = 10_000;
    private static final int MOST_BYTES = 4 << 20;

    private final Path file;

    /** @param file that need not exist */
    VerifiedBlobs(Path file) {
        this.file = file;
    }

    /** Whether a file is known to hold what it should. */
    synchronized boolean knows(RemoteFile remote, Path here) {
        try {
            return lines().contains(line(remote, here));
        } catch (IOException | UnsupportedOperationException noMemory) {
            return false;
        }
    }

    /** Remembers that a file holds what it should. */
    synchronized void remember(RemoteFile remote, Path here) {
        try {
            String line = line(remote, here);
            List<String> lines = lines();
            if (lines.contains(line)) {
                return;
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (lines.size() < MOST_LINES) {
                Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } else {
                List<String> newest = new ArrayList<>(lines.subList(MOST_LINES / 2, lines.size()));
                newest.add(line);
                DurableFiles.write(file, String.join("\n", newest) + "\n");
            }
        } catch (IOException | UnsupportedOperationException noMemory) {
            // Then it will be hashed again.
        }
    }

    /** Whether a file holds what it should, by its hash; looks at {@code stop} all the time. */
    static boolean holds(RemoteFile remote, Path here, Stop stop) throws IOException {
        BlobHash hash = new BlobHash(remote);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (FileChannel channel = FileChannel.open(here, StandardOpenOption.READ)) {
            while (channel.read(buffer) >= 0) {
                stop.check();
                hash.update(buffer.flip());
                buffer.clear();
            }
        }
        return hash.hex().equals(remote.blobId());
    }

    private List<String> lines() throws IOException {
        if (!SharedStore.isFile(file) || Files.size(file) > MOST_BYTES) {
            return List.of();
        }
        return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                .lines()
                .toList();
    }

    private static String line(RemoteFile remote, Path here) throws IOException {
        Path real = here.toRealPath();
        return String.join(
                " ",
                remote.blobId(),
                String.valueOf(Files.size(real)),
                Files.getAttribute(real, "unix:dev") + ":" + Files.getAttribute(real, "unix:ino"),
                String.valueOf(Files.getAttribute(real, "unix:ctime")));
    }
}
