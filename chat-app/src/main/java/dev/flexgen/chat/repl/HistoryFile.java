package dev.flexgen.chat.repl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The file that keeps what the user typed, one entry a line, readable by nobody else. An entry is written in one piece, so that
 * a program that is killed loses none; what is in the file is taken as it is, whoever has damaged it. Several chats may write to
 * it at a time.
 */
final class HistoryFile {

    /** Entries that are kept; the file may grow by a quarter before the oldest go. */
    private static final int MOST_ENTRIES = 10_000;

    /** A file beyond this was not written by us alone; its end counts. */
    private static final int MOST_BYTES = 16 << 20;

    private final Path file;
    private final Path lock;

    private HistoryFile(Path file) {
        this.file = file;
        lock = file.resolveSibling("history.lock");
    }

    /**
     * Opens it; makes it, private, where it is missing.
     *
     * @throws IOException if it cannot be written
     */
    static HistoryFile open(Path stateDirectory) throws IOException {
        if (!Files.isDirectory(stateDirectory)) {
            Files.createDirectories(stateDirectory);
            restrict(stateDirectory, "rwx------");
        }
        var history = new HistoryFile(stateDirectory.resolve("history"));
        create(history.file);
        create(history.lock);
        return history;
    }

    private static void create(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isWritable(file) || !Files.isRegularFile(file)) {
                throw new IOException(file + " cannot be written", e);
            }
        }
        restrict(file, "rw-------");
    }

    private static void restrict(Path path, String permissions) throws IOException {
        var view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view != null) {
            view.setPermissions(PosixFilePermissions.fromString(permissions));
        }
    }

    /** All entries, the oldest first; what is no UTF-8 in them reads as U+FFFD. Takes the time to forget those beyond the most. */
    List<String> read() throws IOException {
        try (var locked = FileChannel.open(lock, StandardOpenOption.WRITE);
                var _ = locked.lock()) {
            trim();
        }
        List<String> entries = new ArrayList<>();
        for (String line : lines()) {
            if (!line.isEmpty()) {
                entries.add(unescape(line));
            }
        }
        return entries;
    }

    private List<String> lines() throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long skipped = Math.max(0, channel.size() - MOST_BYTES);
            var bytes = ByteBuffer.allocate((int) (channel.size() - skipped));
            channel.position(skipped);
            int count;
            do {
                count = channel.read(bytes);
            } while (count > 0);
            var text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
            List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
            if (skipped > 0) {
                lines.removeFirst(); // the end of a line
            }
            return lines;
        }
    }

    /** Adds an entry behind all others. */
    void append(String entry) throws IOException {
        try (var locked = FileChannel.open(lock, StandardOpenOption.WRITE);
                var _ = locked.lock();
                var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long end = channel.size();
            String line = (endsLine(channel, end) ? "" : "\n") + escape(entry) + "\n";
            channel.position(end);
            channel.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** An entry that was cut off must not swallow the next. */
    private static boolean endsLine(FileChannel channel, long end) throws IOException {
        var last = ByteBuffer.allocate(1);
        return end == 0 || channel.read(last, end - 1) < 1 || last.get(0) == '\n';
    }

    private void trim() throws IOException {
        var lines = lines();
        if (lines.size() <= MOST_ENTRIES + MOST_ENTRIES / 4 && Files.size(file) <= MOST_BYTES) {
            return;
        }
        var kept = lines.subList(Math.max(0, lines.size() - MOST_ENTRIES), lines.size());
        Path target = file.toRealPath(); // a link into somebody's dotfiles stays one
        Path next = Files.createTempFile(target.getParent(), "history", ".tmp");
        try {
            Files.writeString(next, String.join("\n", kept));
            Files.move(next, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(next);
        }
    }

    private static String escape(String entry) {
        return entry.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    private static String unescape(String line) {
        var entry = new StringBuilder();
        for (int at = 0; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '\\' && at + 1 < line.length()) {
                at++;
                c = switch (line.charAt(at)) {
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    default -> line.charAt(at);
                };
            }
            entry.append(c);
        }
        return entry.toString();
    }
}
