package dev.flexgen.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Builds a model store by hand, as the hub's own tools lay it out. */
final class FakeStore {

    static final String COMMIT = "27dcfa74d334bc871f3234de431e71c6eeba5dd6";
    static final String OTHER_COMMIT = "ceea0a90ac0f6fae7c2c34bcb40477438c152546";

    private final Path root;

    FakeStore(Path root) {
        this.root = root;
    }

    Path repository(String hubId) {
        return root.resolve("models--" + hubId.replace("/", "--"));
    }

    Path snapshot(String hubId, String commit) {
        return repository(hubId).resolve("snapshots").resolve(commit);
    }

    void ref(String hubId, String revision, String content) throws IOException {
        write(repository(hubId).resolve("refs").resolve(revision), content);
    }

    /** A file as Windows machines without links have it. */
    void plainFile(String hubId, String commit, String path, String content) throws IOException {
        write(snapshot(hubId, commit).resolve(path), content);
    }

    /** A file as everyone else has it: a relative link to a blob. */
    void linkedFile(String hubId, String commit, String path, String content) throws IOException {
        Path blob = repository(hubId).resolve("blobs").resolve(Integer.toHexString(content.hashCode()));
        write(blob, content);
        Path link = snapshot(hubId, commit).resolve(path);
        Path folder = Objects.requireNonNull(link.getParent());
        Files.createDirectories(folder);
        Files.createSymbolicLink(link, folder.relativize(blob));
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.deleteIfExists(file); // truncating one that was just written makes some file systems wait for the disk
        Files.write(file, content.getBytes(StandardCharsets.UTF_8)); // half a character as well
    }
}
