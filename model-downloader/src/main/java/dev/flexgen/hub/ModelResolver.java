package dev.flexgen.hub;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Environment;
import dev.flexgen.config.Quoted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the folder that a MODEL argument means, on this machine only. In this order: a folder of that path, a name in the
 * catalogue, an id on the hub; the last two are looked up in the store and may end in {@code @revision}.
 */
public final class ModelResolver {

    /** What FlexGen and Alpa append to a model's name for the folder of its weights. */
    private static final String NUMPY_SUFFIX = "-np";

    private final Environment environment;
    private final Catalogue catalogue;
    private final HubCache store;

    public ModelResolver(Environment environment, Catalogue catalogue, HubCache store) {
        this.environment = environment;
        this.catalogue = catalogue;
        this.store = store;
    }

    /**
     * The folder that {@code model} means.
     *
     * @throws HubException if it means nothing, or nothing that is on this machine
     */
    public ResolvedModel resolve(String model) {
        if (model.isBlank()) {
            throw new HubException(
                    "No model was named: give a folder, a name such as opt-1.3b or a hub id with --model.");
        }
        int at = model.indexOf('@');
        String name = at < 0 ? model : model.substring(0, at);
        Path path = environment.path(model);
        if (Files.isDirectory(path)) {
            return inFolder(path);
        }
        if (looksLikePath(model, name)) {
            throw noFolder(path);
        }
        Optional<CatalogueEntry> entry = catalogue.find(name);
        if (entry.isEmpty() && !HubRef.isId(name)) {
            throw unknown(model, name);
        }
        HubRef ref = new HubRef(
                entry.map(CatalogueEntry::hubId).orElse(name), at < 0 ? HubRef.MAIN : model.substring(at + 1));
        return store.find(ref)
                .map(folder -> new ResolvedModel(model, folder, entry.orElse(null)))
                .orElseThrow(() -> absent(model, ref, entry));
    }

    /** Hub ids have one slash at most and begin with neither a slash nor a dot nor a tilde. */
    private static boolean looksLikePath(String model, String name) {
        return model.startsWith("/")
                || model.startsWith(".")
                || model.startsWith("~")
                || name.endsWith("/")
                || name.indexOf('/') != name.lastIndexOf('/');
    }

    private ResolvedModel inFolder(Path folder) {
        Path name = folder.getFileName();
        String shown = name == null ? folder.toString() : name.toString();
        String known =
                shown.endsWith(NUMPY_SUFFIX) ? shown.substring(0, shown.length() - NUMPY_SUFFIX.length()) : shown;
        return new ResolvedModel(shown, folder, catalogue.find(known).orElse(null));
    }

    private static HubException noFolder(Path path) {
        return new HubException(
                Files.exists(path)
                        ? path + " is a file, not a model: name the folder that holds it and its config.json."
                        : path + " does not exist: name a folder that holds a model and its config.json.");
    }

    private HubException absent(String model, HubRef ref, Optional<CatalogueEntry> entry) {
        if (entry.isEmpty() && !ref.id().contains("/")) {
            return unknown(model, ref.id());
        }
        String where = model + " is neither a folder in " + environment.workingDirectory() + " nor in the model store "
                + store.root();
        if (entry.isPresent() && !entry.get().downloadable()) {
            return new HubException(
                    where + ", and it cannot be downloaded: " + entry.get().notDownloadable() + ".");
        }
        // Only the hub knows whether it has such a model: a near name is a question, not a verdict.
        String question = entry.isPresent()
                ? ""
                : catalogue
                        .nearest(ref.id())
                        .map(nearest -> " (or did you mean " + nearest + "?)")
                        .orElse("");
        return new HubException(where + ": fetch it with: flexgen-chat models pull " + ref + question);
    }

    private HubException unknown(String model, String name) {
        String question = catalogue
                .nearest(name)
                .map(nearest -> "; did you mean " + nearest + "?")
                .orElse(": name a folder, a model that the catalogue lists, or a hub id such as facebook/opt-1.3b.");
        return new HubException("There is no model " + Quoted.of(model) + ": no folder of that name in "
                + environment.workingDirectory() + ", none in the catalogue and none in the model store " + store.root()
                + question);
    }
}
