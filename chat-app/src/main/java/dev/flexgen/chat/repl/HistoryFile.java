package dev.flexgen.chat.repl;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/** The file that keeps what the user typed, readable by nobody else. */
final class HistoryFile {

    private HistoryFile() {}

    /**
     * Makes sure the file is there and private before the line editor opens it.
     *
     * @throws IOException if it cannot be written
     */
    static Path prepare(Path stateDirectory) throws IOException {
        if (!Files.isDirectory(stateDirectory)) {
            Files.createDirectories(stateDirectory);
            restrict(stateDirectory, "rwx------");
        }
        var file = stateDirectory.resolve("history");
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isWritable(file) || !Files.isRegularFile(file)) {
                throw new IOException(file + " cannot be written", e);
            }
        }
        restrict(file, "rw-------");
        return file;
    }

    private static void restrict(Path path, String permissions) throws IOException {
        var view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view != null) {
            view.setPermissions(PosixFilePermissions.fromString(permissions));
        }
    }
}
