package dev.flexgen.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The source tree that the tests run in; absent where they run from jars. */
public final class Checkout {

    private static final String GOLDEN = "engine/src/test/resources/golden";

    private Checkout() {}

    /** The folder that holds the launcher and all modules. */
    public static Optional<Path> root() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve("flexgen-chat")) && Files.isDirectory(folder.resolve(GOLDEN))) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }

    /** The engine's tiny models with expected results, by name; none without the source tree. */
    public static List<Path> goldenModels() {
        return root().map(root -> folders(root.resolve(GOLDEN))).orElse(List.of());
    }

    /** A real tokenizer beside the checkout, which is third-party data and not part of it. */
    public static Optional<Path> realTokenizer(String name) {
        for (Path above = Path.of("").toAbsolutePath(); above != null; above = above.getParent()) {
            Path folder = above.resolve("shared").resolve("tokenizers").resolve(name);
            if (Files.isDirectory(folder)) {
                return Optional.of(folder);
            }
        }
        return Optional.empty();
    }

    private static List<Path> folders(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
