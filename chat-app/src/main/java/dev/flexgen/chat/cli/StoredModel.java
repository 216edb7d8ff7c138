package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.hub.HubRef;
import java.util.Optional;

/** What a name means as a model of the hub, which alone can be downloaded into the store and removed from it. */
final class StoredModel {

    private StoredModel() {}

    /**
     * The hub's model at a revision.
     *
     * @throws CommandException if the catalogue says that the hub does not have it, or it comes with the program
     * @throws dev.flexgen.hub.HubException if it is no name that the hub could know
     */
    static HubRef ref(Catalogue catalogue, String name) {
        if (BundledModel.named(name).isPresent()) {
            throw CommandException.usage(
                    name + " comes with the program, outside of the model store; talk with it by: -m " + name);
        }
        int at = name.indexOf('@');
        String plain = at < 0 ? name : name.substring(0, at);
        Optional<CatalogueEntry> entry = catalogue.find(plain);
        if (entry.isEmpty() && !plain.contains("/")) {
            throw CommandException.model(
                    "there is no model '" + name + "' in the catalogue"
                            + catalogue
                                    .nearest(plain)
                                    .map(nearest -> "; did you mean " + nearest + "?")
                                    .orElse(
                                            "; 'flexgen-chat models' shows what there is, a hub id such as facebook/opt-1.3b works too"));
        }
        if (entry.isPresent() && !entry.get().downloadable()) {
            throw CommandException.model(
                    plain + " cannot be downloaded: " + entry.get().notDownloadable());
        }
        return new HubRef(
                entry.map(CatalogueEntry::hubId).orElse(plain), at < 0 ? HubRef.MAIN : name.substring(at + 1));
    }
}
