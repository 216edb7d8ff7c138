package dev.flexgen.chat.job;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.FileFailure;
import dev.flexgen.config.PlainText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The results of a job in a file. While it runs, every finished prompt is a line of a journal beside it, {@code FILE.partial}, in
 * whichever order they finish; at the end the results are written in the order of the prompts and get their name at once. So a job
 * that is killed loses at most what was under way, and the next run goes on from the journal. The journal stays if prompts failed,
 * which the next run tries again. One thread; one process at a time, which a lock ensures.
 */
public final class JobFile implements AutoCloseable {

    private static final String TITLE = "flexgen-chat-job 1 ";
    private static final String PARTIAL = ".partial";
    private static final String NEW = ".new";

    private final Path output;
    private final Path journal;
    private final FileChannel channel;
    private final Map<Integer, Place> places = new TreeMap<>(); // by index

    /** Where in the journal the line of a prompt is. */
    private record Place(long at, int length, boolean failed) {}

    private JobFile(Path output, FileChannel channel) {
        this.output = output;
        this.journal = beside(output, PARTIAL);
        this.channel = channel;
    }

    /** Whether an earlier run has finished the results and left nothing to do. */
    public static boolean complete(Path output) {
        return Files.isRegularFile(output) && !Files.exists(beside(output, PARTIAL));
    }

    /**
     * Begins a job or goes on with it.
     *
     * @param key of the prompts and of all settings that decide results: a journal of another job is refused
     * @param resume whether results of an earlier run may be there
     * @throws CommandException if there are such results and they are not wanted, or are another job's; if another process is at it; if
     *     the file cannot be written
     */
    public static JobFile open(Path output, String key, boolean resume) {
        if (!resume && (Files.exists(output) || Files.exists(beside(output, PARTIAL)))) {
            throw CommandException.usage((Files.exists(output) ? output : beside(output, PARTIAL))
                    + " is there from an earlier run; say --resume to go on from it, or delete it");
        }
        @Nullable FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    beside(output, PARTIAL),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            lock(channel, output);
            var file = new JobFile(output, channel);
            file.restore(key);
            return file;
        } catch (IOException e) {
            close(channel);
            throw unwritable(output, e);
        } catch (CommandException e) {
            close(channel);
            throw e;
        }
    }

    private static void lock(FileChannel channel, Path output) throws IOException {
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw CommandException.failure(
                    "another process is writing " + output + "; wait for it, or name another file with --output");
        }
    }

    /** Finds what is valid, and cuts off the rest: the line that was being written when the process was killed. */
    private void restore(String key) throws IOException {
        long valid = 0;
        // A character that is cut in half is replaced, and fails its line's checksum.
        try (var lines =
                new BufferedReader(new InputStreamReader(Files.newInputStream(journal), StandardCharsets.UTF_8))) {
            String first = lines.readLine();
            if (first != null && first.equals(header(key)) && channel.size() > first.length()) {
                valid = first.length() + 1L;
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    Optional<JobRecord> record = JobRecord.read(line);
                    int length = bytes(line).length;
                    if (record.isEmpty() || valid + length >= channel.size()) {
                        break;
                    }
                    places.put(
                            record.get().index(),
                            new Place(valid, length, record.get().failed()));
                    valid += length + 1L;
                }
            } else if (first != null && !header(key).startsWith(first)) {
                throw CommandException.usage(
                        first.startsWith(TITLE)
                                ? journal
                                        + " belongs to another job: its prompts, model or settings differ; go on with those, or"
                                        + " delete it"
                                : journal + " is not from this program; delete it, or name another file with --output");
            }
        }
        channel.truncate(valid);
        channel.position(valid);
        if (valid == 0) {
            write(header(key) + "\n");
        }
    }

    private static String header(String key) {
        return TITLE + key;
    }

    private static byte[] bytes(String line) {
        return line.getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a prompt has its result from an earlier run. */
    public boolean has(int index) {
        Place place = places.get(index);
        return place != null && !place.failed();
    }

    /** How many have. */
    public int done() {
        return (int) places.values().stream().filter(place -> !place.failed()).count();
    }

    /**
     * Keeps the result of a prompt.
     *
     * @param failed whether a later run should try again
     * @throws CommandException if it cannot be written; what was kept before stays
     */
    public void keep(int index, boolean failed, String result) {
        try {
            long at = channel.position();
            int length = write(new JobRecord(index, failed, result).line() + "\n") - 1;
            places.put(index, new Place(at, length, failed));
        } catch (IOException e) {
            throw unwritable(output, e);
        }
    }

    private int write(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(line));
        long begin = channel.position();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            channel.truncate(begin); // half a line would hide those that a later run appends
            throw e;
        }
        return bytes.limit();
    }

    /**
     * Writes all results in the order of the prompts.
     *
     * @throws CommandException if that fails; the journal stays
     */
    public void finish() {
        Path written = beside(output, NEW);
        try {
            try (FileChannel file = FileChannel.open(
                    written,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                Writer writer = Channels.newWriter(file, StandardCharsets.UTF_8);
                for (Place place : places.values()) {
                    writer.write(read(place).output());
                }
                writer.flush();
                file.force(true);
            }
            Files.move(written, output, StandardCopyOption.ATOMIC_MOVE);
            if (places.values().stream().noneMatch(Place::failed)) {
                Files.delete(journal);
            }
        } catch (IOException e) {
            throw unwritable(output, e);
        }
    }

    private JobRecord read(Place place) throws IOException {
        ByteBuffer line = ByteBuffer.allocate(place.length());
        while (line.hasRemaining()) {
            if (channel.read(line, place.at() + line.position()) < 0) {
                throw new IOException("the journal has become shorter");
            }
        }
        return JobRecord.read(new String(line.array(), StandardCharsets.UTF_8))
                .orElseThrow(() -> new IOException("the journal is damaged"));
    }

    private static CommandException unwritable(Path output, IOException e) {
        return CommandException.failure("results cannot be written to " + output + " ("
                + PlainText.line(FileFailure.reason(e)) + "); what is finished is in " + beside(output, PARTIAL)
                + "; once there is room and permission, the same command with --resume goes on from it");
    }

    private static Path beside(Path output, String suffix) {
        return output.resolveSibling(output.getFileName() + suffix);
    }

    private static void close(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // Nothing was written that could be lost.
            }
        }
    }

    @Override
    public void close() {
        close(channel);
    }

    /** Everything that decides results, as one word. */
    public static String key(List<String> parts) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                digest.update(ByteBuffer.allocate(4).putInt(bytes.length).array());
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
