package dev.flexgen.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The golden models among the test resources, as folders that readers can open. */
public final class Fixtures {

    private Fixtures() {}

    /**
     * The file or folder {@code golden/<name>}. Where the resources come in a jar, as they do for other modules, it is a copy
     * in the temporary folder.
     */
    public static Path golden(String name) {
        String resource = "/golden/" + name;
        URL url = Objects.requireNonNull(Fixtures.class.getResource(resource), "no test resource " + resource);
        try {
            URI uri = url.toURI();
            return uri.getScheme().equals("jar") ? copy(uri, resource) : Path.of(uri);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path copy(URI uri, String resource) throws IOException {
        Path copy = Files.createTempDirectory("golden");
        copy.toFile().deleteOnExit();
        try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
            Path source = jar.getPath(resource);
            Path target = copy.resolve(source.getFileName().toString());
            try (Stream<Path> files = Files.walk(source)) {
                for (Path file : files.toList()) {
                    Path copied = target.resolve(source.relativize(file).toString());
                    Files.copy(file, copied);
                    copied.toFile().deleteOnExit();
                }
            }
            return target;
        }
    }

    /** Names of all golden models of families that run. */
    public static Stream<String> models() {
        return Stream.of(
                "opt-f32",
                "opt-f32-sharded",
                "opt-f16",
                "opt-f16-bin",
                "opt-f16-bin-sharded",
                "opt-bf16",
                "opt350m-f32",
                "opt350m-f16-bin-noprefix",
                "galactica-f32");
    }
}
