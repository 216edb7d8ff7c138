package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The files of a model's folder. */
final class ModelFiles {

    private ModelFiles() {}

    /**
     * One file.
     *
     * @param name below the folder
     * @param bytes of what a link leads to
     */
    record Item(String name, long bytes) {}

    /** All files below the folder, by name; links that lead nowhere are left out. */
    static List<Item> in(Path folder) {
        List<Item> items = new ArrayList<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
                items.add(new Item(folder.relativize(file).toString(), Files.size(file)));
            }
        } catch (IOException | UncheckedIOException e) {
            throw CommandException.failure(folder + " cannot be read (" + e.getMessage() + "); check its permissions");
        }
        return items;
    }

    /** The licence's text, where the publisher put it. */
    static Optional<Item> licence(List<Item> items) {
        return items.stream()
                .filter(item -> item.name().toUpperCase(Locale.ROOT).matches("LICEN[CS]E([-.].*)?"))
                .findFirst();
    }
}
