package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which file of a checkpoint holds which tensor. The index is the truth about file names; patterns are not. */
final class ShardIndex {

    private static final long LARGEST = 64L << 20;

    private ShardIndex() {}

    /** File by tensor name, each file inside the index's own folder. */
    static Map<String, Path> read(Path index) {
        try (Arena arena = Arena.ofConfined()) {
            var file = MappedFile.open(index, arena);
            if (file.size() > LARGEST) {
                throw EngineException.model(index + " has " + file.size() + " bytes, more than the " + LARGEST
                        + " that an index of shards may have; download it again");
            }
            ForeignContent.refuseInIndex(file);
            var json = new StrictJson(file, file.bytes());
            Map<String, Path> fileByTensor = new LinkedHashMap<>();
            json.document(key -> {
                if (key.equals("weight_map")) {
                    json.object(tensor -> fileByTensor.put(tensor, inside(index, json)));
                } else {
                    json.skip();
                }
            });
            if (fileByTensor.isEmpty()) {
                throw file.damaged("it has no weight_map that names the file of any tensor");
            }
            return fileByTensor;
        }
    }

    private static Path inside(Path index, StrictJson json) throws IOException {
        String name = json.text();
        try {
            // Compared before links are followed: the hub cache links every file to a store outside the folder.
            Path relative = Path.of(name).normalize();
            boolean escapes = relative.isAbsolute()
                    || relative.startsWith("..")
                    || relative.toString().isEmpty();
            if (!escapes) {
                return index.resolveSibling(relative);
            }
        } catch (InvalidPathException _) {
            // A name that no file system accepts leads nowhere either.
        }
        throw EngineException.model(index + ": weight_map names the file '" + Quoted.text(name)
                + "', which is not inside the model's folder; download the model from a source you trust");
    }
}
