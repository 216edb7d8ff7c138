package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.Expectation;
import dev.flexgen.config.CatalogueEntry;

/**
 * A model of the catalogue as this machine sees it.
 *
 * @param place where it is
 */
public record Choice(CatalogueEntry entry, Expectation expectation, Place place) {

    /** Where a model is. */
    public enum Place {
        HERE,
        ON_THE_HUB,
        /** Its weights are given away on request only. */
        ON_REQUEST
    }
}
