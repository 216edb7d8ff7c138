package dev.flexgen.engine.store;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * A small JSON file with what was counted and helps the next plan. One that is missing, damaged or foreign counts as none, and one that
 * cannot be written is left out. Any thread, any process.
 *
 * @param mostBytes more than any model needs
 */
public record HintFile(String name, long mostBytes) {

    <T> Optional<T> read(Path folder, Class<T> content) {
        return read(folder, TypeToken.get(content));
    }

    /** What it holds, as far as it fits {@code content}. */
    public <T> Optional<T> read(Path folder, TypeToken<T> content) {
        Path file = folder.resolve(name);
        try {
            return Files.isRegularFile(file) && Files.size(file) <= mostBytes
                    ? Optional.ofNullable(new Gson().fromJson(Files.readString(file), content))
                    : Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // Gson reports what a record refuses as any exception
        }
    }

    /**
     * Replaces the file.
     *
     * @param folder made if there is none
     */
    public void write(Path folder, Object content) {
        try {
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, name, ".new");
            try {
                Files.writeString(temporary, new Gson().toJson(content));
                Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // A folder that is read-only or full does without.
        }
    }
}
