package dev.flexgen.engine.store;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a packed model was made from: when any of it differs, it is packed again. */
public record SourceIdentity(List<File> files) {

    /**
     * One file.
     *
     * @param stamp the hash under which a hub's store keeps it, or the time of its last change
     */
    public record File(String name, long bytes, String stamp) {

        private static final String BY_HASH = "hash ";

        /** Whether the stamp is a hash of the content. */
        boolean isNamedByHash() {
            return stamp.startsWith(BY_HASH);
        }
    }

    /** Stores name a file by its hash. */
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{40,64}");

    public SourceIdentity {
        files = files.stream().sorted(Comparator.comparing(File::name)).toList();
    }

    /** What the hub says of a file that is not here. */
    public static File hubFile(String name, long bytes, String hash) {
        return new File(name, bytes, File.BY_HASH + hash);
    }

    /** Whether a file of that name counts. */
    public static boolean counts(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return !lower.startsWith(".") && !lower.endsWith(".md") && !lower.startsWith("license");
    }

    /**
     * The files in a folder.
     *
     * @throws EngineException of kind MODEL if they cannot be looked at
     */
    public static SourceIdentity of(Path folder) {
        List<File> files = new ArrayList<>();
        try (Stream<Path> list = Files.list(folder)) {
            for (Path path : (Iterable<Path>) list::iterator) {
                String name = path.getFileName().toString();
                if (counts(name) && Files.isRegularFile(path)) {
                    String real = path.toRealPath().getFileName().toString();
                    String stamp = HASH.matcher(real).matches()
                            ? File.BY_HASH + real
                            : "changed " + Files.getLastModifiedTime(path).toInstant();
                    files.add(new File(name, Files.size(path), stamp));
                }
            }
        } catch (IOException e) {
            throw EngineException.model(folder + " cannot be read: check its permissions", e);
        }
        return new SourceIdentity(files);
    }

    JsonArray toJson() {
        JsonArray array = new JsonArray();
        for (File file : files) {
            JsonObject json = new JsonObject();
            json.addProperty("name", file.name());
            json.addProperty("bytes", file.bytes());
            json.addProperty("stamp", file.stamp());
            array.add(json);
        }
        return array;
    }

    static SourceIdentity of(JsonArray array) {
        List<File> files = new ArrayList<>();
        for (JsonElement element : array) {
            JsonObject json = element.getAsJsonObject();
            files.add(new File(
                    json.get("name").getAsString(),
                    json.get("bytes").getAsLong(),
                    json.get("stamp").getAsString()));
        }
        return new SourceIdentity(files);
    }
}
