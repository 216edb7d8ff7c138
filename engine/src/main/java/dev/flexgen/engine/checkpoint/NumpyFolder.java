package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Weights as FlexGen and Alpa keep them in a folder {@code <model>-np}: one {@code .npy} file for each tensor, named as the
 * tensor is and without an extension. Their converters write no index: what the folder should hold, only the model knows.
 */
final class NumpyFolder {

    /** Far above any model's number of tensors; each costs the process a mapping. */
    private static final int MOST_FILES = 20_000;

    private NumpyFolder() {}

    /** Whether {@code folder} holds a file named like a tensor. */
    static boolean present(Path folder) {
        return !files(folder, 1).isEmpty();
    }

    /** Every tensor of the folder; none if it is no such folder. */
    static Map<String, StoredTensor> read(Path folder, Arena arena) {
        List<Path> files = files(folder, MOST_FILES + 1);
        if (files.size() > MOST_FILES) {
            throw EngineException.model(folder + " holds more than " + MOST_FILES
                    + " numpy weights, more than any model has; keep one model in a folder");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (Path file : files) {
            tensors.put(name(file), NumpyFile.read(MappedFile.open(file, arena)));
        }
        return tensors;
    }

    private static List<Path> files(Path folder, int most) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(NumpyFolder::isTensor).limit(most).sorted().toList();
        } catch (IOException e) {
            throw MappedFile.unreadable(folder, e);
        } catch (UncheckedIOException e) {
            throw MappedFile.unreadable(folder, new IOException(e));
        }
    }

    /** Alpa's folders also hold counters and the like, which no model needs. */
    private static boolean isTensor(Path file) {
        return name(file).endsWith(".weight") || name(file).endsWith(".bias");
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }
}
