package dev.flexgen.chat.sessions;

import dev.flexgen.config.DiskSpace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files beside sessions that hold a model's keys and values, so that it need not read a conversation again. They can be made
 * again at any time, so they have a quota, and the ones that were not used for longest are deleted. Any thread.
 */
final class KvFiles {

    static final String SUFFIX = ".kv";

    private static final String UNFINISHED = ".new";
    private static final Duration SURELY_LEFT_BEHIND = Duration.ofMinutes(30);
    private static final long MOST = 20L << 30;
    private static final int SHARE = 10;

    private final Path folder;
    private final Clock clock;
    private final long quota;

    /**
     * Those of a folder of sessions.
     *
     * @param quota bytes of all of them; 0 for a tenth of what is free, and at most 20 GiB; less for none
     */
    KvFiles(Path folder, Clock clock, long quota) {
        this.folder = folder;
        this.clock = clock;
        this.quota = quota;
    }

    /** Whether there are to be any. */
    boolean wanted() {
        return quota >= 0;
    }

    /** That of a session. */
    Path of(String session) {
        return folder.resolve(session + SUFFIX);
    }

    /** Notes that one was of use. */
    void used(String session) {
        try {
            Files.setLastModifiedTime(of(session), FileTime.from(clock.instant()));
        } catch (IOException e) {
            // it is deleted earlier than it deserves
        }
    }

    /** Deletes that of a session, if there is one. */
    void delete(String session) {
        delete(of(session));
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // it counts on, and the next one that makes room tries again
        }
    }

    /** The file goes with its session, which has another name now. */
    void rename(String from, String to) {
        try {
            Files.move(of(from), of(to));
        } catch (NoSuchFileException e) {
            // none was kept
        } catch (IOException e) {
            delete(from);
        }
    }

    /** What all of them may take together. */
    long quota() throws IOException {
        if (quota != 0) {
            return Math.max(0, quota);
        }
        long all = DiskSpace.free(folder) + bytes(files());
        return Math.min(MOST, all / SHARE);
    }

    /**
     * Makes room for a session's file by deleting others: what belongs to no session, what was left unfinished, and then what was
     * not used for longest.
     *
     * @param bytes it will have
     * @return whether there is room
     */
    boolean makeRoom(String session, long bytes) {
        try {
            long most = quota();
            List<Path> others = new ArrayList<>(files());
            others.remove(of(session));
            others.removeIf(this::isUseless);
            others.sort(Comparator.comparing(KvFiles::changed));
            long room = most - bytes(others);
            while (bytes <= most && room < bytes && !others.isEmpty()) {
                Path oldest = others.removeFirst();
                room += size(oldest);
                delete(oldest);
            }
            return room >= bytes;
        } catch (IOException | UncheckedIOException e) {
            return false; // a folder that cannot be read; the session says so itself
        }
    }

    /** Deletes what nobody will ever read. */
    private boolean isUseless(Path file) {
        String name = file.getFileName().toString();
        boolean useless = name.endsWith(UNFINISHED)
                ? changed(file).toInstant().isBefore(clock.instant().minus(SURELY_LEFT_BEHIND))
                : !Files.exists(
                        folder.resolve(name.substring(0, name.length() - SUFFIX.length()) + SessionStore.SUFFIX));
        if (useless) {
            delete(file);
        }
        return useless;
    }

    /** All, and unfinished ones. */
    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.endsWith(SUFFIX) || (name.contains(SUFFIX + ".") && name.endsWith(UNFINISHED));
                    })
                    .toList();
        }
    }

    private static long bytes(List<Path> files) {
        return files.stream().mapToLong(KvFiles::size).sum();
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0; // gone in the meantime
        }
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // gone in the meantime
        }
    }
}
