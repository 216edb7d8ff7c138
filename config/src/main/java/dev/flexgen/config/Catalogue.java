package dev.flexgen.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The public models the program knows by name: found by catalogue name or hub id, letter case ignored. */
public final class Catalogue {

    private static final String RESOURCE = "catalogue.json";

    private final List<CatalogueEntry> entries;
    private final Map<String, CatalogueEntry> byName = new LinkedHashMap<>();

    /** @throws ConfigException if two entries share a name or hub id */
    Catalogue(List<CatalogueEntry> entries) {
        this.entries = List.copyOf(entries);
        for (CatalogueEntry entry : entries) {
            register(entry.name(), entry);
            register(entry.hubId(), entry);
        }
    }

    /** Reads the catalogue that ships with the program. */
    public static Catalogue load() {
        try (InputStream stream = Catalogue.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new ConfigException(RESOURCE + " is missing from the program: install it again.");
            }
            return read(new InputStreamReader(stream, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new ConfigException(RESOURCE + " in the program cannot be read: install it again.", e);
        }
    }

    static Catalogue read(Reader json) {
        return new Catalogue(new CatalogueReader(RESOURCE).read(json));
    }

    /** Series by series, small models first. */
    public List<CatalogueEntry> entries() {
        return entries;
    }

    public Optional<CatalogueEntry> find(String nameOrHubId) {
        return Optional.ofNullable(byName.get(key(nameOrHubId)));
    }

    /** The name or hub id that a mistyped one was probably meant to be. */
    public Optional<String> nearest(String nameOrHubId) {
        return NearestName.of(
                nameOrHubId,
                entries.stream()
                        .map(nameOrHubId.contains("/") ? CatalogueEntry::hubId : CatalogueEntry::name)
                        .toList());
    }

    private void register(String nameOrHubId, CatalogueEntry entry) {
        if (byName.put(key(nameOrHubId), entry) != null) {
            throw new ConfigException(RESOURCE + " has two entries called " + nameOrHubId + ".");
        }
    }

    private static String key(String nameOrHubId) {
        return nameOrHubId.toLowerCase(Locale.ROOT);
    }
}
