package dev.flexgen.config;

/**
 * A public model the program knows by name.
 *
 * @param name what the user types: {@code opt-1.3b}
 * @param hubId its Hugging Face id; of a model that is not downloadable, the id under which people know it
 * @param series what it belongs to, for people: {@code OPT-IML}
 * @param family the architecture, spelt as {@code model_type} in its config.json
 * @param parameters a tied output head counted once
 * @param downloadBytes size of its weights in 16 bits as published
 * @param licence short name
 * @param terms what the licence asks of people
 * @param config keys of its config.json that its geometry does not say, as JSON; empty where the family's defaults hold
 * @param notDownloadable the reason why it cannot be had from the hub; empty if it can
 */
public record CatalogueEntry(
        String name,
        String hubId,
        String series,
        String family,
        Geometry geometry,
        long parameters,
        long downloadBytes,
        String licence,
        LicenceTerms terms,
        PromptStyle promptStyle,
        String config,
        String notDownloadable) {

    public boolean downloadable() {
        return notDownloadable.isEmpty();
    }
}
