package dev.flexgen.engine.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * A small JSON file beside a packed model that helps the next plan. One that is missing, damaged or foreign counts as none, and one
 * that cannot be written is left out.
 *
 * @param mostBytes more than any model needs
 */
record HintFile(String name, long mostBytes) {

    <T> Optional<T> read(Path folder, Class<T> content) {
        Path file = folder.resolve(name);
        try {
            return Files.isRegularFile(file) && Files.size(file) <= mostBytes
                    ? Optional.ofNullable(new Gson().fromJson(Files.readString(file), content))
                    : Optional.empty();
        } catch (IOException | JsonParseException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    void write(Path folder, Object content) {
        Path temporary = folder.resolve(name + ".new");
        try {
            Files.writeString(temporary, new Gson().toJson(content));
            Files.move(temporary, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // A store that is read-only or full does without.
        }
    }
}
