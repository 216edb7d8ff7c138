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
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The golden models among the test resources, as folders that readers can open. */
public final class Fixtures {

    private Fixtures() {}

    /**
     * The file or folder {@code golden/<name>}. Where the resources come in a jar, as they do for other modules, it is a copy
     * in the temporary folder. Where several places of the class path have it, it is the one with the most files: one that was
     * packed for another machine may have been left without the large ones.
     */
    public static Path golden(String name) {
        String resource = "golden/" + name;
        try {
            @Nullable Path found = null;
            for (URL url : Collections.list(Fixtures.class.getClassLoader().getResources(resource))) {
                URI uri = url.toURI();
                Path path = uri.getScheme().equals("jar") ? copy(uri, "/" + resource) : Path.of(uri);
                found = found == null || files(path) > files(found) ? path : found;
            }
            return Objects.requireNonNull(found, "no test resource " + resource);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long files(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            return files.count();
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

    /** One golden model for each kind of layers, where it makes no difference how weights are stored. */
    public static Stream<String> kinds() {
        return Stream.of(
                "opt-f32",
                "opt-bf16",
                "opt350m-f32",
                "galactica-f32",
                "bloom-f32",
                "codegen-f32",
                "glm-f32",
                "llama-f32",
                "mistralsw-f32",
                "qwen2-f32",
                "qwen3-f32",
                "mixtral-f32",
                "qwen3moe-f32",
                "zglm4moe-f32");
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
                "galactica-f32",
                "bloom-f32",
                "bloom-bf16-noprefix",
                "bloom-bf16-bin-noprefix",
                "codegen-f32",
                "codegen-f16-bin",
                "glm-f32",
                "glmedge-f32",
                "llama-f32",
                "llama3-f32",
                "mistral-f32",
                "mistralsw-f32",
                "qwen2-f32",
                "qwen3-f32",
                "qwen3tied-f32",
                "mixtral-f32",
                "qwen3moe-f32",
                "qwen3moe-bf16-sharded",
                "qwen3moestep-f32",
                "zglm4moe-f32",
                "zglm4moe-bf16-mtp",
                "zglm4air-f32");
    }
}
