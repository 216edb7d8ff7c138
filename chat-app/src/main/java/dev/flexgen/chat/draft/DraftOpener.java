package dev.flexgen.chat.draft;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.RandomModels;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftCandidate;
import dev.flexgen.engine.DraftChoice;
import dev.flexgen.engine.DraftFitter;
import dev.flexgen.engine.DraftForecast;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.hub.HubException;
import dev.flexgen.hub.ResolvedModel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Opens a model, and before it what drafts for it, as the setting {@code draft} says: on the same machine, whose plan for the model then
 * knows what is left. Where there is no room for both, there is no draft.
 *
 * @param target the model that replies
 * @param random whether it has random weights of its shape, and so has whatever drafts for it
 */
public record DraftOpener(Wiring wiring, Settings settings, ResolvedModel target, boolean random, Machine machine) {

    /** Of a draft whose depth nobody can predict, because the machine was not measured. */
    private static final int USUAL_DEPTH = 4;

    /**
     * Opens both.
     *
     * @param opener opens the model with options that may be changed
     * @throws CommandException if the draft model has another tokenizer
     * @throws EngineException if the model itself cannot be opened
     */
    public <T> T open(ModelOptions options, Function<ModelOptions, Model> opener, BiFunction<Model, Drafts, T> result) {
        String asked = settings.get(SettingTable.DRAFT);
        boolean auto = asked.equals(SettingTable.DRAFT_AUTO);
        if (!DraftCandidates.areAskedFor(asked)) {
            return result.apply(opener.apply(options), Drafts.none());
        }
        if (asked.equals(DraftCandidate.LOOKUP)) {
            return result.apply(opener.apply(options), new Drafts(asked, null, counted()));
        }
        Optional<DraftForecast.Possible> chosen = Optional.empty();
        String what = asked;
        if (auto) {
            chosen = choose(options);
            what = chosen.map(it -> it.candidate().name()).orElse(SettingTable.DRAFT_OFF);
            if (chosen.isEmpty() || what.equals(DraftCandidate.LOOKUP)) {
                ModelOptions planned = options.withDrafted(
                        chosen.map(DraftForecast.Possible::planned).orElse(0));
                return result.apply(opener.apply(planned), new Drafts(what, null, counted()));
            }
        } else {
            requireSameVocabulary(what);
            chosen = forecast(what, options);
        }
        ModelOptions planned =
                options.withDrafted(chosen.map(DraftForecast.Possible::planned).orElse(USUAL_DEPTH));
        return openBoth(what, options, planned, opener, result);
    }

    private <T> T openBoth(
            String what,
            ModelOptions options,
            ModelOptions planned,
            Function<ModelOptions, Model> opener,
            BiFunction<Model, Drafts, T> result) {
        boolean inMemoryAlone = inMemoryAlone(options);
        @Nullable Model draft = null;
        String need;
        Optional<String> unusable = unusable(what);
        if (unusable.isPresent()) {
            T without = result.apply(opener.apply(options), Drafts.none());
            wiring.streams().note("it goes on without drafts: " + unusable.get());
            return without;
        }
        try {
            draft = openDraft(what, options);
            Model model = opener.apply(planned);
            requireNoMoreDisk(model, inMemoryAlone);
            return result.apply(model, new Drafts(what, draft, counted()));
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            need = draft == null
                    ? e.getMessage()
                    : "it needs " + Bytes.format(draft.footprint().modelBytes())
                            + ", and so much is not free beside the model";
            if (draft != null) {
                draft.close();
            }
        }
        T without = result.apply(opener.apply(options), Drafts.none());
        wiring.streams().note("there is no room for the draft model, so it goes on without: " + need);
        return without;
    }

    /** What the planner chose, and nobody named, must not keep the chat from beginning. */
    private Optional<String> unusable(String what) {
        if (random
                || what.equals(DraftCandidate.SELF)
                || !settings.get(SettingTable.DRAFT).equals(SettingTable.DRAFT_AUTO)) {
            return Optional.empty();
        }
        try {
            Path folder = new Packing(wiring, settings).resolve(what).folder();
            SameTokenizer.require(folder, target.folder());
            Model.check(folder);
            return Optional.empty();
        } catch (CommandException | HubException | EngineException e) {
            return Optional.of(Failures.sentence(e));
        }
    }

    private boolean inMemoryAlone(ModelOptions options) {
        return machine.fitter(options, Machine.Rates.SAVED).fit(spec(), active()) instanceof FitResult.Fits fits
                && !fits.fromDisk();
    }

    /** Weights that have to stay on disk only because of the draft make every token slower than drafts make it faster. */
    private static void requireNoMoreDisk(Model model, boolean inMemoryAlone) {
        if (inMemoryAlone && model.plan().tiers().contains(Tier.DISK)) {
            model.close();
            throw EngineException.placement("with the draft in memory the model would have to be read from disk");
        }
    }

    private Model openDraft(String what, ModelOptions options) {
        boolean self = what.equals(DraftCandidate.SELF);
        ModelOptions draft =
                self ? DraftCandidate.self(spec(), options, Optional.empty()).options() : options;
        if (random) {
            return new RandomModels(wiring, settings)
                    .open(machine, self ? name() : what, RandomModels.TRAINED_ACTIVE, null, draft);
        }
        Packing packing = new Packing(wiring, settings);
        ResolvedModel resolved = self ? target : packing.resolve(what);
        String model = self ? settings.get(SettingTable.MODEL) : what;
        SameTokenizer.require(resolved.folder(), target.folder());
        return packing.open(model, resolved, machine, draft);
    }

    /** Says so, in a line. */
    private Optional<DraftForecast.Possible> choose(ModelOptions options) {
        DraftFitter fitter = new DraftFitter(machine.fitter(options, Machine.Rates.KNOWN), spec(), active());
        DraftChoice choice = DraftChoice.of(candidates(options).of(SettingTable.DRAFT_AUTO).stream()
                .map(fitter::forecast)
                .toList());
        if (!settings.get(SettingTable.QUIET)) {
            wiring.streams().note(choice.reason());
        }
        return choice.chosen();
    }

    /** Empty if nobody measured the machine, or there seems to be no room. */
    private Optional<DraftForecast.Possible> forecast(String what, ModelOptions options) {
        DraftFitter fitter = new DraftFitter(machine.fitter(options, Machine.Rates.SAVED), spec(), active());
        return fitter.forecast(candidates(options).of(what).getFirst()) instanceof DraftForecast.Possible possible
                ? Optional.of(possible)
                : Optional.empty();
    }

    private DraftCandidates candidates(ModelOptions options) {
        return new DraftCandidates(wiring, settings, name(), spec(), options, file());
    }

    private void requireSameVocabulary(String what) {
        if (what.equals(DraftCandidate.SELF)) {
            return;
        }
        SameTokenizer.require(what, DraftCandidates.spec(wiring, settings, what), spec());
    }

    private String name() {
        return random ? settings.get(SettingTable.MODEL) : target.name();
    }

    private ModelSpec spec() {
        return random ? new RandomModels(wiring, settings).spec(name()) : Families.read(target.folder());
    }

    private double active() {
        return random ? RandomModels.TRAINED_ACTIVE : 0;
    }

    private AcceptanceFile file() {
        return new AcceptanceFile(wiring.dirs().cache(), AcceptanceFile.key(target));
    }

    /** What random weights say is nothing to count. */
    private @Nullable AcceptanceFile counted() {
        return random ? null : file();
    }
}
