package dev.flexgen.hub;

import dev.flexgen.hub.Intervals.Interval;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * The small file beside a partial one that says which of its bytes are finished. It names the content that it belongs to and ends
 * with a checksum, so that a record of something else, or half a record, says nothing at all.
 */
final class PartialRecord {

    private static final String HEAD = "flexgen partial file 1";
    private static final int MOST_BYTES = 1 << 20;
    private static final Pattern INTERVAL = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

    private final Path file;
    private final RemoteFile remote;

    PartialRecord(Path file, RemoteFile remote) {
        this.file = file;
        this.remote = remote;
    }

    /** Nothing finished if there is no record, or none of this content. */
    Intervals read() throws IOException {
        return SharedStore.read(file, MOST_BYTES).map(this::parsed).orElseGet(Intervals::new);
    }

    private Intervals parsed(String text) {
        Intervals finished = new Intervals();
        List<String> lines = text.lines().toList();
        int last = lines.size() - 1;
        if (last < 1
                || !lines.get(last).equals(checksum(lines.subList(0, last)))
                || !lines.getFirst().equals(head())) {
            return finished;
        }
        for (String line : lines.subList(1, last)) {
            Matcher interval = INTERVAL.matcher(line);
            if (!interval.matches()) {
                return new Intervals(); // a checksum is no signature
            }
            finished.add(Long.parseLong(interval.group(1)), Long.parseLong(interval.group(2)));
        }
        return finished;
    }

    /** Replaces the record. What it claims must have been forced to the disk before. */
    void write(Intervals finished) throws IOException {
        StringBuilder text = new StringBuilder(head()).append('\n');
        for (Interval interval : finished.list()) {
            text.append(interval.from()).append('-').append(interval.to()).append('\n');
        }
        text.append(checksum(text.toString().lines().toList())).append('\n');
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        SharedStore.writeNew(fresh, text.toString());
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    void delete() throws IOException {
        Files.deleteIfExists(file);
    }

    private String head() {
        return HEAD + " " + remote.blobId() + " " + remote.bytes();
    }

    private static String checksum(List<String> lines) {
        CRC32 crc = new CRC32();
        crc.update(String.join("\n", lines).getBytes(StandardCharsets.ISO_8859_1));
        return "checksum " + Long.toHexString(crc.getValue());
    }
}
