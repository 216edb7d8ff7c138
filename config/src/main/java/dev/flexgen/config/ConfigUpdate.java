package dev.flexgen.config;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A change to the settings file: some settings get a value or lose theirs, everything else stays as it is. The file
 * changes in one piece or not at all, and belongs to the user alone. Owned by one thread.
 */
public final class ConfigUpdate {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Path file;
    private final boolean repair;
    private final Map<String, Optional<JsonPrimitive>> changes = new LinkedHashMap<>();

    /** @param file need not exist */
    public ConfigUpdate(Path file) {
        this(file, false);
    }

    private ConfigUpdate(Path file, boolean repair) {
        this.file = file;
        this.repair = repair;
    }

    /** A change to a file that may have wrong names and values in it, so that these can be mended or taken out. */
    public static ConfigUpdate repairing(Path file) {
        return new ConfigUpdate(file, true);
    }

    /**
     * Gives a setting the value that is written as {@code value}; an empty text takes it out of the file.
     *
     * @throws ConfigException if the value is not allowed
     */
    public ConfigUpdate set(Setting<?> setting, String value) {
        var _ = setting.parse(value);
        changes.put(
                setting.name(),
                value.isEmpty() ? Optional.empty() : Optional.of(setting.type().json(value)));
        return this;
    }

    /** Takes a name out of the file, whether a setting has it or not. */
    public ConfigUpdate unset(String name) {
        changes.put(name, Optional.empty());
        return this;
    }

    /** Whether the file says anything about this name. */
    public boolean has(String name) {
        return current().has(name);
    }

    /**
     * The whole file as it will be.
     *
     * @throws ConfigException if there is one that cannot be read
     */
    public String content() {
        JsonObject settings = current();
        changes.forEach((name, value) -> {
            if (value.isPresent()) {
                settings.add(name, value.get());
            } else {
                settings.remove(name);
            }
        });
        return GSON.toJson(settings) + "\n";
    }

    /**
     * Writes it.
     *
     * @throws ConfigException if it cannot be written; then it is as it was
     */
    public void write() {
        byte[] content = content().getBytes(StandardCharsets.UTF_8);
        try {
            // Through a link, such as those into a repository of dot files, and not over it.
            Path target = Files.exists(file) ? file.toRealPath() : file;
            Path folder = Files.createDirectories(target.resolveSibling("."), onlyMine(target, "rwx------"));
            Leftovers.delete(folder, "config*" + Leftovers.SUFFIX);
            Path temporary = Files.createTempFile(folder, "config", Leftovers.SUFFIX, onlyMine(target, "rw-------"));
            try {
                try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                    ByteBuffer bytes = ByteBuffer.wrap(content);
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                    channel.force(true);
                }
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new ConfigException(
                    file + " cannot be written (" + FileFailure.reason(e)
                            + "): make room there and check the folder's permissions.",
                    e);
        }
    }

    private JsonObject current() {
        if (!Files.exists(file)) {
            return new JsonObject();
        }
        ConfigFile config = new ConfigFile(file);
        if (!repair) {
            var _ = config.read();
        }
        return config.object();
    }

    private static FileAttribute<?>[] onlyMine(Path path, String permissions) {
        boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }
}
