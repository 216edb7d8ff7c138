package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A session's file while a conversation is written to it; this program alone has it. A line is written in one piece and forced to
 * the disk. Where that fails, the lines wait and are written with the next. Owned by the chat's thread.
 */
final class SessionFile implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;
    private final Disk disk;
    private final List<String> waiting = new ArrayList<>();

    /** Puts bytes at the end of a file; a seam for tests. */
    @FunctionalInterface
    interface Disk {
        void append(FileChannel channel, ByteBuffer bytes) throws IOException;
    }

    /** The system's. */
    static final Disk REAL = (channel, bytes) -> {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(false);
    };

    private SessionFile(Path path, FileChannel channel, Disk disk) {
        this.path = path;
        this.channel = channel;
        this.disk = disk;
    }

    /**
     * Opens it, for this program alone.
     *
     * @throws CommandException if another program has it open
     * @throws IOException if it cannot be written
     */
    static SessionFile open(String name, Path path, Disk disk) throws IOException {
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        boolean mine = false;
        try {
            mine = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // this very program has it already
        } finally {
            if (!mine) {
                channel.close();
            }
        }
        if (!mine) {
            throw CommandException.failure(
                    "the session '" + name + "' is in use by another flexgen-chat; leave it there"
                            + " first, or begin another with --session NAME");
        }
        return new SessionFile(path, channel, disk);
    }

    Path path() {
        return path;
    }

    /** Whether lines wait because the disk did not take them. */
    boolean waits() {
        return !waiting.isEmpty();
    }

    /**
     * Adds lines.
     *
     * @throws IOException if they could not be written; they are kept and the file is as it was
     */
    void append(List<String> lines) throws IOException {
        waiting.addAll(lines);
        if (waiting.isEmpty()) {
            return;
        }
        long end = channel.size();
        String text = (endsLine(end) ? "" : "\n") + String.join("\n", waiting) + "\n";
        try {
            channel.position(end);
            disk.append(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            waiting.clear();
        } catch (IOException e) {
            try {
                channel.truncate(end);
            } catch (IOException alsoThat) {
                e.addSuppressed(alsoThat); // half a line is left, which the next begins behind
            }
            throw e;
        }
    }

    /** A line that was cut off must not swallow the next. */
    private boolean endsLine(long end) throws IOException {
        var last = ByteBuffer.allocate(1);
        return end == 0 || channel.read(last, end - 1) < 1 || last.get(0) == '\n';
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
