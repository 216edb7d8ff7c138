package dev.flexgen.chat.draft;

import com.google.gson.reflect.TypeToken;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftCounts;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.engine.store.HintFile;
import dev.flexgen.hub.ResolvedModel;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How often drafts of one model were right in earlier replies, by what drafted, so that the planner need not guess: a {@link HintFile}.
 */
public final class AcceptanceFile {

    /** Far more than any model has drafts. */
    private static final long MOST_BYTES = 1 << 16;

    private final Path folder;
    private final HintFile file;

    /**
     * Of a model.
     *
     * @param cache folder of files that may be deleted
     * @param model a name of the catalogue, or {@link #key}
     */
    public AcceptanceFile(Path cache, String model) {
        this.folder = cache.resolve("drafts");
        this.file = new HintFile(model.replaceAll("[^\\w.-]", "_") + ".json", MOST_BYTES);
    }

    /** Of what a MODEL argument means. */
    public static AcceptanceFile of(Wiring wiring, Settings settings, String model) {
        String key = wiring.catalogue()
                .find(model)
                .map(CatalogueEntry::name)
                .orElseGet(() -> key(new Packing(wiring, settings).resolve(model)));
        return new AcceptanceFile(wiring.dirs().cache(), key);
    }

    /** A name for the model: folders of the same name are different models. */
    public static String key(ResolvedModel model) {
        String folder = HexFormat.of().toHexDigits(model.folder().toString().hashCode());
        return model.entry().isPresent() ? model.entry().get().name() : model.name() + "-" + folder;
    }

    /** What was counted; empty if that is too little to go by. */
    public Optional<Acceptance> of(String draft) {
        return Optional.ofNullable(read().get(draft)).flatMap(DraftCounts::acceptance);
    }

    /** Counts more. */
    public void add(String draft, DraftCounts counts) {
        if (counts.judged() == 0) {
            return;
        }
        Map<String, DraftCounts> all = read();
        all.merge(draft, counts, (before, more) -> before.plus(more).recent());
        file.write(folder, all);
    }

    private Map<String, DraftCounts> read() {
        return file.read(folder, new TypeToken<Map<String, DraftCounts>>() {})
                .filter(counts -> !counts.containsValue(null))
                .map(TreeMap::new)
                .orElseGet(TreeMap::new);
    }
}
