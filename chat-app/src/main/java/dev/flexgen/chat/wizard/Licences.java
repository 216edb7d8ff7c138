package dev.flexgen.chat.wizard;

import dev.flexgen.config.CatalogueEntry;

/** Where a model's licence can be read. */
public final class Licences {

    private Licences() {}

    /** The page on the hub that shows a model's licence. */
    public static String page(CatalogueEntry entry) {
        return "https://huggingface.co/" + entry.hubId();
    }

    /** A model's licence in one line. */
    public static String line(CatalogueEntry entry) {
        return entry.licence() + " (" + entry.terms().summary() + "), see " + page(entry);
    }
}
