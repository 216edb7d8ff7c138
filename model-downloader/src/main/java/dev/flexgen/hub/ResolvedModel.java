package dev.flexgen.hub;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.PromptStyle;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a MODEL argument led to: a folder with a model's files, and what the catalogue knows about it. */
public final class ResolvedModel {

    private final String name;
    private final Path folder;
    private final @Nullable CatalogueEntry entry;
    private final PromptStyle promptStyle;

    /** A model that is neither in the store nor in the catalogue, whose files are in {@code folder}. */
    public ResolvedModel(String name, Path folder, PromptStyle promptStyle) {
        this.name = name;
        this.folder = folder;
        this.entry = null;
        this.promptStyle = promptStyle;
    }

    ResolvedModel(String name, Path folder, @Nullable CatalogueEntry entry) {
        this.name = name;
        this.folder = folder;
        this.entry = entry;
        this.promptStyle = entry == null ? PromptStyle.DIALOGUE : entry.promptStyle();
    }

    /** The same files under another name, outside the catalogue. */
    public ResolvedModel named(String other) {
        return new ResolvedModel(other, folder, promptStyle);
    }

    /** Short, to show: a catalogue name, a hub id with its revision, or the folder's name. */
    public String name() {
        return name;
    }

    /** Absolute. It exists; whether what is in it makes a model is for the engine to say. */
    public Path folder() {
        return folder;
    }

    /** Empty for a model that is not in the catalogue. A folder is matched by its name. */
    public Optional<CatalogueEntry> entry() {
        return Optional.ofNullable(entry);
    }

    /** What the catalogue says; a model outside it is taken for one that continues a dialogue. */
    public PromptStyle promptStyle() {
        return promptStyle;
    }
}
