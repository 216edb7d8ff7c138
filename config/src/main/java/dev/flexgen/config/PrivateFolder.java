package dev.flexgen.config;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;

/**
 * Tells folders whose files can be trusted: they belong to the user of this process, and nobody else can write into them or put
 * another folder in their place. Whoever can write to a folder of libraries can run programs as its user. Any thread.
 */
public final class PrivateFolder {

    private static final int STICKY = 01000;
    private static final int GROUP_WRITES = 0020;
    private static final int OTHERS_WRITE = 0002;
    private static final int ROOT = 0;

    private PrivateFolder() {}

    /**
     * Makes {@code folder} for this user alone, unless it is there.
     *
     * @throws IOException with one clause as its message if it cannot be made, or if others can write to it
     */
    public static void make(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            try {
                Files.createDirectories(folder, forThisUser());
            } catch (IOException e) {
                throw new IOException("the folder " + folder + " cannot be made (" + e + ")", e);
            }
        }
        check(folder);
    }

    /** Whether it is there and private. */
    public static boolean is(Path folder) {
        try {
            check(folder);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Where there are no owners in this sense, a user's folders are the user's. */
    private static boolean ownersCount() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("unix");
    }

    /**
     * Makes sure that what is made in {@code parent} is not exchanged by others. Its owner is trusted, which in a sandbox may be
     * somebody unknown.
     *
     * @throws IOException with one clause as its message otherwise
     */
    static void checkKeepsEntries(Path parent) throws IOException {
        if (ownersCount()) {
            Access access = Access.of(parent);
            if (!access.keepsEntriesOf(access.user)) {
                throw new IOException("other users can exchange what is in " + parent);
            }
        }
    }

    private static void check(Path folder) throws IOException {
        if (!ownersCount()) {
            return;
        }
        int user = user();
        Path real = folder.toRealPath();
        Access access = Access.of(real);
        if (access.user != user) {
            throw new IOException("the folder " + folder + " belongs to another user");
        }
        if (!access.writableByNobodyBut(user)) {
            throw new IOException("other users can write to the folder " + folder);
        }
        for (Path parent = real.getParent(); parent != null; parent = parent.getParent()) {
            if (!Access.of(parent).keepsEntriesOf(user)) {
                throw new IOException("other users can write to " + parent + ", where the folder " + folder + " is");
            }
        }
    }

    /** No call of Java's tells it: the owner of what the system keeps for this process, else of what it makes. */
    private static int user() throws IOException {
        Path self = Path.of("/proc/self");
        if (Files.exists(self)) {
            return Access.of(self.toRealPath()).user; // the link itself is root's
        }
        Path made = Files.createTempFile("user", "");
        try {
            return Access.of(made).user;
        } finally {
            Files.delete(made);
        }
    }

    static FileAttribute<?>[] forThisUser() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Owner, group and permission bits, as the system counts them. */
    private record Access(int user, int group, int mode) {

        static Access of(Path path) throws IOException {
            Map<String, Object> attributes = Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
            return new Access(number(attributes, "uid"), number(attributes, "gid"), number(attributes, "mode"));
        }

        private static int number(Map<String, Object> attributes, String name) {
            return (Integer) Objects.requireNonNull(attributes.get(name));
        }

        /** A group that has the user's own number is taken for the user's own, as most systems make them. */
        boolean writableByNobodyBut(int owner) {
            boolean ownGroup = group == owner || group == ROOT;
            return (mode & OTHERS_WRITE) == 0 && ((mode & GROUP_WRITES) == 0 || ownGroup);
        }

        /** Where the sticky bit is set, only its owner can remove or rename an entry. */
        boolean keepsEntriesOf(int owner) {
            return (user == owner || user == ROOT) && ((mode & STICKY) != 0 || writableByNobodyBut(owner));
        }
    }
}
