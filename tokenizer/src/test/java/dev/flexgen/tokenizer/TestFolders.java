package dev.flexgen.tokenizer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.IntStream;

/** Model folders for tests: the committed ones, and third-party ones where they are at hand. */
final class TestFolders {

    static final Path NATIVE_CACHE = Path.of("target", "native-cache");

    private TestFolders() {}

    /** A committed folder, such as {@code gpt2}. */
    static Path golden(String name) {
        URL url = Objects.requireNonNull(TestFolders.class.getResource("/golden/" + name), name);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** A folder of real tokenizers beside the checkout; the test is skipped where there is none. */
    static Path shared(String name) {
        Path above = Path.of("").toAbsolutePath();
        while (above != null) {
            Path folder = above.resolve("shared").resolve("tokenizers").resolve(name);
            if (Files.isDirectory(folder)) {
                return folder;
            }
            above = above.getParent();
        }
        assumeTrue(false, "the real tokenizer '" + name + "' is third-party data and not on this machine");
        throw new AssertionError();
    }

    static Tokenizer open(Path folder) {
        return Tokenizers.open(folder, NATIVE_CACHE);
    }

    static JsonObject json(Path file) {
        return JsonParser.parseString(text(file)).getAsJsonObject();
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int[] ids(JsonObject object, String key) {
        var array = object.getAsJsonArray(key);
        return IntStream.range(0, array.size())
                .map(i -> array.get(i).getAsInt())
                .toArray();
    }

    /** Copies files into a folder under construction. */
    static void copy(Path from, Path to, String... names) {
        try {
            for (String name : names) {
                Files.copy(from.resolve(name), to.resolve(name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path folder, String name) {
        try {
            Files.delete(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path write(Path folder, String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
