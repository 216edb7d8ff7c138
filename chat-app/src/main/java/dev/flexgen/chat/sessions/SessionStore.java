package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.NearestName;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The folder of saved sessions, which belongs to the user alone. Several programs may use it at a time. */
public final class SessionStore {

    static final String SUFFIX = ".jsonl";
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

    private final Path folder;
    private final Clock clock;
    private final SessionFile.Disk disk;

    /** @param stateDirectory of the program; nothing need exist yet */
    public SessionStore(Path stateDirectory, Clock clock) {
        this(stateDirectory, clock, SessionFile.REAL);
    }

    SessionStore(Path stateDirectory, Clock clock, SessionFile.Disk disk) {
        this.folder = stateDirectory.resolve("sessions");
        this.clock = clock;
        this.disk = disk;
    }

    /** What models hold of the sessions, as files beside them; see {@link KvFiles} for {@code quota}. */
    KvFiles kvFiles(long quota) {
        return new KvFiles(folder, clock, quota);
    }

    Clock clock() {
        return clock;
    }

    /** The names of all, the one that changed last first. A file whose name no session can have is none of ours. */
    public List<String> names() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .filter(file -> SessionNames.isAllowed(name(file)))
                    .sorted(Comparator.comparing(SessionStore::changed)
                            .reversed()
                            .thenComparing(Comparator.reverseOrder()))
                    .map(SessionStore::name)
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw CommandException.failure(folder + " cannot be read (" + e + "); check its permissions");
        }
    }

    private static FileTime changed(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0); // gone in the meantime
        }
    }

    private static String name(Path file) {
        String name = file.getFileName().toString();
        return name.substring(0, name.length() - SUFFIX.length());
    }

    public boolean has(String name) {
        return Files.exists(file(SessionNames.checked(name)), LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads one; {@link CommandException} says what stands against it. */
    public SavedSession read(String name) {
        if (!has(name)) {
            throw CommandException.usage("there is no session '" + name + "'"
                    + NearestName.of(name, names())
                            .map(near -> "; did you mean '" + near + "'?")
                            .orElse("; 'flexgen-chat log' lists them"));
        }
        return SessionReader.read(name, file(name));
    }

    /** The file of one that exists, to be written to by this program alone. */
    SessionFile open(String name) throws IOException {
        return SessionFile.open(name, file(name), disk);
    }

    /**
     * Makes one.
     *
     * @param wanted its name; empty for the date
     */
    SessionFile create(Optional<String> wanted) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, mine("rwx------"));
        }
        String name = wanted.map(SessionNames::checked).orElseGet(() -> NAME.format(LocalDateTime.now(clock)));
        for (int more = 2; ; more++) {
            try {
                Path file = Files.createFile(file(name), mine("rw-------"));
                return SessionFile.open(name, file, disk);
            } catch (FileAlreadyExistsException e) {
                if (wanted.isPresent()) {
                    throw taken(name);
                }
                name = NAME.format(LocalDateTime.now(clock)) + "-" + more;
            }
        }
    }

    private FileAttribute<?>[] mine(String permissions) {
        return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static CommandException taken(String name) {
        return CommandException.usage("there is a session '" + name + "' already; choose another name");
    }

    /** Gives one another name; {@link CommandException} says what stands against it. */
    public void rename(String from, String to) {
        read(from);
        Path target = file(SessionNames.checked(to));
        try {
            Files.createLink(target, file(from)); // unlike a move never over another
            Files.delete(file(from));
        } catch (FileAlreadyExistsException e) {
            throw taken(to);
        } catch (IOException | UnsupportedOperationException e) {
            throw CommandException.failure("the session '" + from + "' cannot be renamed (" + e + ")");
        }
    }

    /**
     * Puts one aside, where {@link #restore} finds it.
     *
     * @return the name to restore it by
     */
    public String delete(String name) {
        if (!has(name)) {
            read(name);
        }
        Path aside = folder.resolve("deleted");
        try (SessionFile _ = open(name)) {
            Files.createDirectories(aside, mine("rwx------"));
            String kept = name;
            for (int more = 2; Files.exists(aside.resolve(kept + SUFFIX)); more++) {
                kept = name + "-" + more;
            }
            Files.move(file(name), aside.resolve(kept + SUFFIX));
            return kept;
        } catch (IOException e) {
            throw CommandException.failure("the session '" + name + "' cannot be deleted (" + e + ")");
        }
    }

    /** Brings back one that was deleted. */
    public void restore(String name) {
        Path deleted = folder.resolve("deleted").resolve(SessionNames.checked(name) + SUFFIX);
        if (has(name)) {
            throw taken(name);
        }
        try {
            Files.move(deleted, file(name));
        } catch (NoSuchFileException e) {
            throw CommandException.usage("no session '" + name + "' was deleted");
        } catch (IOException e) {
            throw CommandException.failure("the session '" + name + "' cannot be brought back (" + e + ")");
        }
    }

    static String nameOf(SessionFile file) {
        return name(file.path());
    }

    private Path file(String name) {
        return folder.resolve(name + SUFFIX);
    }
}
