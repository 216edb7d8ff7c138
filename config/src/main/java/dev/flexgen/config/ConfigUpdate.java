package dev.flexgen.config;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
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

/**
 * A change to the settings file: some settings get a value or lose theirs, everything else stays as it is. The file
 * changes in one piece or not at all, and belongs to the user alone. Owned by one thread.
 */
public final class ConfigUpdate {

    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Path file;
    private final Map<Setting<?>, String> changes = new LinkedHashMap<>();

    /** @param file need not exist */
    public ConfigUpdate(Path file) {
        this.file = file;
    }

    /** Gives a text setting this value; an empty one takes it out of the file. */
    public ConfigUpdate set(Setting<String> setting, String value) {
        changes.put(setting, value);
        return this;
    }

    /**
     * The whole file as it will be.
     *
     * @throws ConfigException if there is one that cannot be read
     */
    public String content() {
        JsonObject settings = current();
        changes.forEach((setting, value) -> {
            if (value.isEmpty()) {
                settings.remove(setting.name());
            } else {
                settings.addProperty(setting.name(), value);
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
                    file + " cannot be written (" + e + "): make room there and check the folder's permissions.", e);
        }
    }

    private JsonObject current() {
        if (!Files.exists(file)) {
            return new JsonObject();
        }
        var _ = new ConfigFile(file).read(); // it says what is wrong with it better than Gson does
        try {
            JsonElement json = JsonParser.parseString(Files.readString(file));
            return json.getAsJsonObject();
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw new ConfigException(file + " cannot be read: check its permissions (" + e + ").", e);
        }
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
