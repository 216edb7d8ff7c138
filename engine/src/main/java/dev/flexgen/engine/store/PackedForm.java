package dev.flexgen.engine.store;

import java.nio.file.Path;

/**
 * A packed model in a store.
 *
 * @param key folder of the model in the store
 * @param bytes on the disk
 * @param complete false for one that was not finished
 */
public record PackedForm(String key, PackHeader header, Path folder, long bytes, boolean complete) {

    /** What it was called when it was packed. */
    public String model() {
        return header.model();
    }

    /** How its weights are encoded, as settings call it. */
    public String weights() {
        return header.encoding().name();
    }
}
