package dev.flexgen.chat.bundled;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.Leftovers;
import dev.flexgen.config.PackedFile;
import dev.flexgen.config.UnpackedFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Unpacks bundled models into the cache on first use, and again what is damaged there. A folder's name contains a checksum of
 * what belongs into it, so that another version of the program finds its own.
 */
public final class BundledModels {

    private static final String FILE_LIST = "SHA256SUMS";

    private final Path cache;

    /** @param cache where the program keeps what it can make again */
    public BundledModels(Path cache) {
        this.cache = cache;
    }

    /**
     * The model's folder.
     *
     * @throws CommandException if it cannot be written
     */
    public Path folder(BundledModel model) {
        try {
            List<PackedFile> files = new ArrayList<>();
            for (BundledFile file : files(bytes(model, FILE_LIST))) {
                files.add(packed(model, file.name()));
            }
            String version = packed(model, FILE_LIST).version();
            Leftovers.delete(
                    cache.resolve("models"), "*" + Leftovers.SUFFIX); // of versions that unpacked whole folders
            Path folder = cache.resolve("models").resolve(model.modelName() + "-" + version);
            return UnpackedFiles.in(folder, files);
        } catch (IOException e) {
            throw CommandException.failure("there is no place for the " + model.modelName() + " model: "
                    + e.getMessage() + "; make room, or set XDG_CACHE_HOME to a folder of your own");
        }
    }

    private static PackedFile packed(BundledModel model, String name) throws IOException {
        String folder = BundledModels.class.getPackageName().replace('.', '/');
        return PackedFile.of(BundledModels.class, folder + "/" + model.modelName() + "/" + name);
    }

    static List<BundledFile> files(byte[] list) {
        return new String(list, StandardCharsets.UTF_8)
                .lines()
                .map(BundledFile::parse)
                .toList();
    }

    static byte[] bytes(BundledModel model, String name) throws IOException {
        try (InputStream in = open(model, name)) {
            return in.readAllBytes();
        }
    }

    static InputStream open(BundledModel model, String name) throws IOException {
        InputStream in = BundledModels.class.getResourceAsStream(model.modelName() + "/" + name);
        if (in == null) {
            throw new FileNotFoundException(model.modelName() + "/" + name + " is not in the program's jar");
        }
        return in;
    }
}
