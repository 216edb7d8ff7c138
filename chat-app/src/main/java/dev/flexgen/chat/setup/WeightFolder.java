package dev.flexgen.chat.setup;

import dev.flexgen.engine.Model;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder that the user says holds a model. */
public final class WeightFolder {

    /** What Meta sends to those who asked for OPT-175B, and what its scripts make of that. */
    private static final String CONSOLIDATED = "{reshard,consolidated,checkpoint}*.pt";

    private WeightFolder() {}

    /** Why the engine could not open it, as a sentence; empty if it could. Reads no weights. */
    public static String problem(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Files.exists(folder)
                    ? folder + " is a file; name the folder that holds the model."
                    : folder + " does not exist; name the folder that holds the model.";
        }
        if (holdsConsolidatedFiles(folder)) {
            return folder
                    + " holds the files that Meta sends; turn them into numpy files first, with the script for OPT-175B"
                    + " that comes with Alpa, and name the folder of those.";
        }
        try {
            Model.check(folder);
            return "";
        } catch (EngineException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static boolean holdsConsolidatedFiles(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, CONSOLIDATED)) {
            return files.iterator().hasNext();
        } catch (IOException e) {
            return false; // opening the model will say what is wrong with the folder
        }
    }
}
