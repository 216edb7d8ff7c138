package dev.flexgen.chat.wizard;

import dev.flexgen.config.CatalogueEntry;
import java.util.Optional;

/**
 * What was answered so far.
 *
 * @param model for the setting of that name; empty until it is chosen
 * @param entry of the catalogue; none for a folder and for the demo model
 * @param here whether its files are on this machine, so that nothing needs to be downloaded
 * @param store for the setting of that name; empty for the folder of Hugging Face's tools
 */
public record Answers(String model, Optional<CatalogueEntry> entry, Here here, String store) {

    /** Whether a model needs a download. */
    public enum Here {
        YES,
        NO
    }

    static Answers none(String store) {
        return new Answers("", Optional.empty(), Here.NO, store);
    }

    Answers withEntry(CatalogueEntry chosen, Here here) {
        return new Answers(chosen.name(), Optional.of(chosen), here, store);
    }

    /** A folder, or the demo model. */
    Answers withModel(String chosen) {
        return new Answers(chosen, Optional.empty(), Here.YES, store);
    }

    Answers withStore(String chosen) {
        return new Answers(model, entry, here, chosen);
    }

    /** Of the weights; 0 when nothing is to be downloaded. */
    public long downloadBytes() {
        return here == Here.YES ? 0 : entry.map(CatalogueEntry::downloadBytes).orElse(0L);
    }
}
