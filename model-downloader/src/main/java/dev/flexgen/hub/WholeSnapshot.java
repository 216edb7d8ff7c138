package dev.flexgen.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Tells a model from what an interrupted download of any program has left: a model has a configuration, which is published last,
 * none of its links that matter leads nowhere, and no index of its names a missing part.
 */
final class WholeSnapshot {

    private static final int MOST_INDEX_BYTES = 64 << 20;

    private WholeSnapshot() {}

    /** What cannot be read is taken for whole, so that reading it later says why. */
    static boolean is(Path folder) {
        if (!Files.isRegularFile(folder.resolve(NeededFiles.CONFIG))) {
            return false;
        }
        try (Stream<Path> list = Files.list(folder)) {
            return list.allMatch(file -> !leadsNowhere(file) && hasItsParts(folder, file));
        } catch (IOException | UncheckedIOException e) {
            return true;
        }
    }

    /** To nothing, or to what can be opened and never ends. */
    private static boolean leadsNowhere(Path file) {
        return NeededFiles.mayBe(file.getFileName().toString()) && !Files.isRegularFile(file);
    }

    private static boolean hasItsParts(Path folder, Path file) {
        String name = file.getFileName().toString();
        if (!WeightFiles.isIndex(name) || hasOtherWeights(folder, name)) {
            return true;
        }
        try (InputStream in = Files.newInputStream(file)) {
            String text = new String(in.readNBytes(MOST_INDEX_BYTES), StandardCharsets.UTF_8);
            JsonElement map = JsonParser.parseString(text).getAsJsonObject().get("weight_map");
            for (Map.Entry<String, JsonElement> tensor : map.getAsJsonObject().entrySet()) {
                Path part = folder.resolve(tensor.getValue().getAsString());
                if (!Files.exists(part)) {
                    return false;
                }
            }
            return true;
        } catch (IOException | RuntimeException unreadable) {
            return true;
        }
    }

    /** Some repositories carry an index beside weights in one piece; others have both formats, and one of them is enough. */
    private static boolean hasOtherWeights(Path folder, String index) {
        return WeightFiles.wholeAlternatives(index).stream().anyMatch(name -> Files.exists(folder.resolve(name)));
    }
}
