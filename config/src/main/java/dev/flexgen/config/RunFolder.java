package dev.flexgen.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder of this user's among the temporary files, which goes with the process. For what can't be kept. Any thread. */
final class RunFolder {

    private RunFolder() {}

    /**
     * Makes one.
     *
     * @throws IOException with one clause as its message if there is no place for it
     */
    static Path in(Path temporary) throws IOException {
        PrivateFolder.checkKeepsEntries(temporary.toRealPath());
        Path folder = Files.createTempDirectory(temporary, "flexgen-chat-", PrivateFolder.forThisUser());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder), "temporary files"));
        return folder;
    }

    private static void delete(Path folder) {
        try (Stream<Path> entries = Files.walk(folder)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException e) {
            // The system cleans this place up; there is nobody left to tell.
        }
    }
}
