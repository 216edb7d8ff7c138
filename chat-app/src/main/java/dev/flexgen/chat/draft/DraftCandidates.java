package dev.flexgen.chat.draft;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.RandomModels;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftCandidate;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.hub.HubException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What may draft for a model, by what the setting {@code draft} says.
 *
 * @param model its name
 * @param spec its shape
 * @param options with which it is opened
 * @param counted how often drafts for it were right
 */
public record DraftCandidates(
        Wiring wiring, Settings settings, String model, ModelSpec spec, ModelOptions options, AcceptanceFile counted) {

    /** A draft model writes several tokens for each step of the model, so it has at most a tenth of the parameters. */
    private static final long SMALLER = 10;

    /** Whether a value of the setting asks for drafts at all. */
    public static boolean areAskedFor(String what) {
        return !what.isEmpty() && !what.equals(SettingTable.DRAFT_OFF);
    }

    /** The candidates; none for {@code off}. */
    public List<DraftCandidate> of(String what) {
        if (!areAskedFor(what)) {
            return List.of();
        }
        return what.equals(SettingTable.DRAFT_AUTO) ? all() : List.of(named(what));
    }

    private DraftCandidate named(String what) {
        return switch (what) {
            case DraftCandidate.LOOKUP -> DraftCandidate.lookup(counted.of(what));
            case DraftCandidate.SELF -> DraftCandidate.self(spec, options, counted.of(what));
            default -> DraftCandidate.model(what, spec(wiring, settings, what), options, counted.of(what));
        };
    }

    /** Of a model that is here or in the catalogue, or of which a packed form is here. */
    static ModelSpec spec(Wiring wiring, Settings settings, String model) {
        try {
            return new RandomModels(wiring, settings).spec(model);
        } catch (HubException absent) {
            return Families.read(new Packing(wiring, settings).resolve(model).folder());
        }
    }

    private List<DraftCandidate> all() {
        List<DraftCandidate> all = new ArrayList<>();
        all.add(named(DraftCandidate.LOOKUP));
        if (options.weights() != WeightType.Q4 && options.weights() != WeightType.Q3) {
            all.add(named(DraftCandidate.SELF));
        }
        small().ifPresent(it -> all.add(named(it)));
        return all;
    }

    /** The smallest model of the same series and vocabulary that is here. */
    private Optional<String> small() {
        if (model.equals(BundledModel.DEMO.modelName())) {
            return Optional.of(BundledModel.DEMO_DRAFT.modelName());
        }
        return wiring.catalogue()
                .find(model)
                .flatMap(entry -> wiring.catalogue().entries().stream()
                        .filter(it -> it.series().equals(entry.series()))
                        .filter(it ->
                                it.geometry().vocabSize() == entry.geometry().vocabSize())
                        .filter(it -> SMALLER * it.parameters() <= entry.parameters())
                        .sorted(Comparator.comparingLong(CatalogueEntry::parameters))
                        .map(CatalogueEntry::name)
                        .filter(this::isHere)
                        .findFirst());
    }

    private boolean isHere(String name) {
        try {
            new Packing(wiring, settings).resolve(name);
            return true;
        } catch (HubException | CommandException e) {
            return false;
        }
    }
}
