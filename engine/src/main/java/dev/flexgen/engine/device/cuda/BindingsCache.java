package dev.flexgen.engine.device.cuda;

import dev.flexgen.config.PackedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder into which JavaCPP unpacks libraries, each jar into a folder of its name. JavaCPP believes a file that has the right
 * size and time, and a damaged library ends the JVM; so what differs from the jar goes before JavaCPP looks.
 */
final class BindingsCache {

    private BindingsCache() {}

    /** @throws IOException if something is there that cannot be read or removed */
    static void removeDamaged(Path folder) throws IOException {
        for (Path jar : list(folder)) {
            if (!jar.getFileName().toString().endsWith(".jar")) {
                continue; // somebody else's
            }
            try (Stream<Path> entries = Files.walk(jar)) {
                for (Path file : entries.filter(it -> !Files.isDirectory(it, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    if (!matches(jar, file)) {
                        Files.delete(file);
                    }
                }
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(it -> Files.isDirectory(it, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
    }

    private static boolean matches(Path jar, Path file) {
        try {
            return PackedFile.of(BindingsCache.class, jar.relativize(file).toString())
                    .matches(file);
        } catch (IOException e) {
            return false; // no longer part of the program
        }
    }
}
