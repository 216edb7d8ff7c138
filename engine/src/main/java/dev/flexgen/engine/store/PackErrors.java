package dev.flexgen.engine.store;

import dev.flexgen.config.Bytes;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What can go wrong while packing, in sentences. */
final class PackErrors {

    private PackErrors() {}

    static EngineException disk(IOException e) {
        String reason = String.valueOf(e.getMessage());
        boolean full = reason.toLowerCase(Locale.ROOT).contains("no space left")
                || reason.toLowerCase(Locale.ROOT).contains("quota exceeded");
        return new EngineException(
                EngineException.Kind.PLACEMENT,
                full
                        ? "The disk of the packed models is full; make room and pack again, it goes on from here"
                        : "A packed model cannot be written (" + e + "); check the disk and its permissions",
                e);
    }

    static EngineException store(Path root, IOException e) {
        return new EngineException(
                EngineException.Kind.PLACEMENT,
                "The folder of packed models " + root + " cannot be written (" + e + "); check its permissions",
                e);
    }

    static EngineException space(Path root, String model, long needed, long free) {
        return EngineException.placement(model + " packed needs " + Bytes.format(needed) + " more on the disk of "
                + root + ", but " + Bytes.format(free) + " are free; make room there");
    }

    static EngineException changed(Path source) {
        return EngineException.model("Files in " + source
                + " were changed or cut while they were packed; pack again when nobody writes to them");
    }
}
