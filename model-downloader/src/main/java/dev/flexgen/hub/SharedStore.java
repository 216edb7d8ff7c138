package dev.flexgen.hub;

import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Careful access to a folder that others may write to as well. They can put a link, a pipe or a second name of somebody's file where
 * this program is about to read or write; so nothing here follows a link in the last place, opens what is no regular file, or reads
 * without a bound.
 */
final class SharedStore {

    private static final Path SELF = Path.of("/proc/self");

    private SharedStore() {}

    /** Whether there is a regular file of that very name. */
    static boolean isFile(Path file) {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether there is a folder of that very name. */
    static boolean isFolder(Path folder) {
        return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
    }

    /** The content of a small file; empty if there is none, or something else, or more. */
    static Optional<String> read(Path file, int mostBytes) throws IOException {
        if (!isFile(file)) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            byte[] bytes = in.readNBytes(mostBytes + 1);
            return bytes.length > mostBytes
                    ? Optional.empty()
                    : Optional.of(new String(bytes, StandardCharsets.ISO_8859_1));
        }
    }

    /** Writes a small file that is to replace another one, in place of whatever has its name. */
    static void writeNew(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /**
     * Makes way for a file to be written at leisure: what is there stays only if it is a file of this user's, of one name.
     *
     * @return whether it is there
     */
    static boolean keepOwn(Path file) throws IOException {
        if (isOwn(file)) {
            return true;
        }
        Files.deleteIfExists(file);
        return false;
    }

    private static boolean isOwn(Path file) throws IOException {
        if (!isFile(file)) {
            return false;
        }
        if (!file.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return true;
        }
        Object names = Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        return names.equals(1) && isOf(file, SELF);
    }

    /** Whether somebody owns what {@code owned} is; yes where the system does not say who that is. */
    private static boolean isOf(Path file, Path owned) throws IOException {
        return !Files.exists(owned)
                || Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                        .equals(Files.getAttribute(owned, "unix:uid"));
    }

    /**
     * Refuses to go on where a model's folder is a link, unless this user, the store's owner or the system's has put it there: people
     * keep single models on other disks.
     *
     * @throws HubException that says which
     */
    static void requireOwnLink(Path root, Path folder) throws IOException {
        if (Files.isSymbolicLink(folder) && !isOf(folder, SELF) && !isOf(folder, root) && !isOf(folder, Path.of("/"))) {
            throw notMine(folder, "somebody else's link");
        }
    }

    /**
     * Refuses to go on where a folder between {@code top} and {@code file} is a link or no folder.
     *
     * @throws HubException that says which
     */
    static void requireFolders(Path top, Path file) {
        for (Path at = file.getParent(); at != null && at.startsWith(top) && !at.equals(top); at = at.getParent()) {
            if (Files.exists(at, LinkOption.NOFOLLOW_LINKS) && !isFolder(at)) {
                throw notMine(at, Files.isSymbolicLink(at) ? "a link" : "no folder");
            }
        }
    }

    private static HubException notMine(Path path, String what) {
        return new HubException(
                Kind.STORE,
                path + " in the model store is " + what
                        + ", which this program neither writes through nor removes: put a"
                        + " folder in its place, or use another store with HF_HUB_CACHE.");
    }
}
