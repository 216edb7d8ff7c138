package dev.flexgen.chat.cli;

import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.HubException;
import dev.flexgen.hub.HubRef;
import java.nio.file.Files;
import java.util.Optional;

/**
 * A model that is not on this machine and that the hub may have.
 *
 * @param name as the user wrote it
 * @param entry of the catalogue, if it has one
 */
record AbsentModel(String name, HubRef ref, Optional<CatalogueEntry> entry) {

    /** Empty if the name stands for something that is here, or for nothing that could be downloaded. */
    static Optional<AbsentModel> of(Wiring wiring, Settings settings, String name) {
        int at = name.indexOf('@');
        String plain = at < 0 ? name : name.substring(0, at);
        String revision = at < 0 ? HubRef.MAIN : name.substring(at + 1);
        if (name.isEmpty()
                || BundledModel.named(name).isPresent()
                || Files.isDirectory(wiring.environment().path(name))) {
            return Optional.empty();
        }
        Optional<CatalogueEntry> entry = wiring.catalogue().find(plain);
        boolean hubId = plain.matches("[^/.~][^/]*/[^/]+"); // one slash, and not at an end
        if (entry.isEmpty() ? !hubId : !entry.get().downloadable()) {
            return Optional.empty();
        }
        try {
            HubRef ref = new HubRef(entry.map(CatalogueEntry::hubId).orElse(plain), revision);
            boolean packed = new Packing(wiring, settings).forms(name).stream().anyMatch(PackedForm::complete);
            return packed || wiring.hubCache(settings).find(ref.id(), revision).isPresent()
                    ? Optional.empty()
                    : Optional.of(new AbsentModel(name, ref, entry));
        } catch (HubException noSuchRef) {
            return Optional.empty();
        }
    }

    /** Of its weights; 0 where only the hub knows. */
    long downloadBytes() {
        return entry.map(CatalogueEntry::downloadBytes).orElse(0L);
    }

    /** {@code opt-1.3b (2.5 GiB)}. */
    String describe() {
        return downloadBytes() == 0 ? name : name + " (" + Bytes.format(downloadBytes()) + ")";
    }
}
