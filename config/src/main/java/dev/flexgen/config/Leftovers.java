package dev.flexgen.config;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Files and folders that are half made, and what a program that was killed has left of them. Pure functions. */
public final class Leftovers {

    /** The end of the names of what is half made. */
    public static final String SUFFIX = ".partial";

    /** Nobody takes that long to finish one. */
    private static final Duration AGE = Duration.ofHours(1);

    private Leftovers() {}

    /**
     * Deletes what is older than an hour, links themselves and not what they lead to. What cannot be deleted stays, since nothing
     * depends on it.
     *
     * @param glob that names in the folder must match
     */
    public static void delete(Path folder, String glob) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
            for (Path leftover : found) {
                if (Files.getLastModifiedTime(leftover, LinkOption.NOFOLLOW_LINKS)
                        .toInstant()
                        .isBefore(Instant.now().minus(AGE))) {
                    deleteTree(leftover);
                }
            }
        } catch (IOException | SecurityException stays) {
            // Another program may be faster, or the folder somebody else's.
        }
    }

    private static void deleteTree(Path top) throws IOException {
        List<Path> all;
        try (Stream<Path> walk = Files.walk(top)) {
            all = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
