package dev.flexgen.chat.draft;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftCounts;
import dev.flexgen.engine.plan.Acceptance;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How often drafts of one model were right in earlier replies, by what drafted, so that the planner need not guess. A hint: a file that
 * is not there, damaged or foreign counts as none, and one that cannot be written is left out.
 */
public final class AcceptanceFile {

    /** Far more than any model has drafts. */
    private static final long MOST_BYTES = 1 << 16;

    private final Path file;

    /**
     * Of a model.
     *
     * @param cache folder of files that may be deleted
     * @param model a name of the catalogue, or {@link #key}
     */
    public AcceptanceFile(Path cache, String model) {
        this.file = cache.resolve("drafts").resolve(model.replaceAll("[^\\w.-]", "_") + ".json");
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
        try {
            Files.createDirectories(file.getParent());
            Path temporary = Files.createTempFile(file.getParent(), "new", ".json");
            Files.writeString(temporary, new Gson().toJson(all));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // A hint: a folder that is read-only or full does without.
        }
    }

    private Map<String, DraftCounts> read() {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
                return new TreeMap<>();
            }
            Map<String, DraftCounts> counts = new Gson().fromJson(Files.readString(file), new TypeToken<>() {});
            return counts == null || counts.containsValue(null) ? new TreeMap<>() : new TreeMap<>(counts);
        } catch (IOException | RuntimeException e) {
            return new TreeMap<>(); // Gson reports what a record refuses as any exception
        }
    }
}
