package dev.flexgen.config;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A file that comes with the program on its class path, to be compared with a copy outside. A jar's directory has the checksum of
 * each file, so comparing reads the copy alone, at some gigabytes a second; SHA-256 would take a cold JVM twenty times as long,
 * and would tell no more where only the user can write. Any thread.
 */
public final class PackedFile {

    private static final int PIECE = 1 << 18;

    private final URL resource;
    private final String name;
    private final long bytes;
    private final long checksum;

    private PackedFile(URL resource, String name, long bytes, long checksum) {
        this.resource = resource;
        this.name = name;
        this.bytes = bytes;
        this.checksum = checksum;
    }

    /**
     * Finds one.
     *
     * @param neighbour a class from the same loader
     * @param path below the class path's roots, without a leading slash
     * @throws FileNotFoundException if the program has no such file
     */
    public static PackedFile of(Class<?> neighbour, String path) throws IOException {
        URL resource = neighbour.getResource("/" + path);
        if (resource == null) {
            throw new FileNotFoundException(path + " is not among the program's files");
        }
        String name = path.substring(path.lastIndexOf('/') + 1);
        String place = resource.getPath();
        int inside = place.lastIndexOf("!/");
        if (!resource.getProtocol().equals("jar") || inside < 0) {
            return ofFile(resource, name);
        }
        try (ZipFile jar =
                new ZipFile(Path.of(URI.create(place.substring(0, inside))).toFile())) {
            ZipEntry entry = jar.getEntry(path);
            return new PackedFile(resource, name, entry.getSize(), entry.getCrc());
        }
    }

    /** A folder on the class path has no checksums. */
    private static PackedFile ofFile(URL resource, String name) throws IOException {
        try (InputStream in = resource.openStream()) {
            var counted = new CheckedInputStream(in, new CRC32());
            long bytes = counted.transferTo(OutputStream.nullOutputStream());
            return new PackedFile(resource, name, bytes, counted.getChecksum().getValue());
        }
    }

    /** Its name without folders. */
    public String name() {
        return name;
    }

    /** Tells it from other versions of the same file: its checksum in hexadecimal. */
    public String version() {
        return HexFormat.of().toHexDigits(checksum, 8); // String.format takes a cold JVM longer than all else here
    }

    /** Whether {@code copy} is a file with the same content; a link is none. */
    public boolean matches(Path copy) {
        try {
            return Files.isRegularFile(copy, LinkOption.NOFOLLOW_LINKS)
                    && Files.size(copy) == bytes
                    && checksum(copy) == checksum;
        } catch (IOException e) {
            return false;
        }
    }

    private static long checksum(Path file) throws IOException {
        CRC32 sum = new CRC32();
        byte[] piece = new byte[PIECE];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(piece); read > 0; read = in.read(piece)) {
                sum.update(piece, 0, read);
            }
        }
        return sum.getValue();
    }

    /** Writes a copy where no file is yet. */
    void copyTo(Path target) throws IOException {
        try (InputStream in = resource.openStream()) {
            Files.copy(in, target);
        }
    }
}
