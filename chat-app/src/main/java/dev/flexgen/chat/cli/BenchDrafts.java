package dev.flexgen.chat.cli;

import dev.flexgen.chat.RandomModels;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.draft.AcceptanceFile;
import dev.flexgen.chat.draft.DraftCandidates;
import dev.flexgen.chat.draft.SameTokenizer;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftCandidate;
import dev.flexgen.engine.DraftChoice;
import dev.flexgen.engine.DraftFitter;
import dev.flexgen.engine.DraftForecast;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.MachineProfile;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The part of {@code bench} with drafts. The model was measured alone before, with all of the machine; beside a GPU it is opened anew for
 * this, because the draft is opened first and takes room there.
 *
 * @param model as the user calls it
 * @param randomWeights of the model and of what drafts
 * @param activeNeurons of random weights
 * @param opener opens the model
 */
record BenchDrafts(
        Wiring wiring,
        Settings settings,
        String model,
        boolean randomWeights,
        double activeNeurons,
        AcceptanceOption acceptance,
        Function<ModelOptions, Model> opener,
        Machine machine) {

    /** What a run needs beside the models. */
    record Measuring(BenchRun.Workload workload, MachineProfile profile, double alone) {}

    /** A context that just holds what is measured, unless one was asked for. */
    ModelOptions options(ModelOptions asked, long tokens) {
        if (asked.context() > 0 || !drafts()) {
            return asked;
        }
        int most = new RandomModels(wiring, settings).spec(model).positions();
        return asked.withContext((int) Math.min(most, tokens));
    }

    private boolean drafts() {
        return wanted(settings);
    }

    /** A setting in a file or variable is for chats; only an option of this call has them measured. */
    static boolean wanted(Settings settings) {
        String what = settings.get(SettingTable.DRAFT);
        return settings.source(SettingTable.DRAFT) instanceof SettingSource.Flag && DraftCandidates.areAskedFor(what);
    }

    /** What drafts: as the setting says, or as the planner decides and says why; empty for nothing. */
    Optional<DraftForecast> decide(ModelOptions options) {
        if (!drafts()) {
            return Optional.empty();
        }
        String what = settings.get(SettingTable.DRAFT);
        RandomModels shapes = new RandomModels(wiring, settings);
        DraftFitter fitter = new DraftFitter(
                machine.fitter(options, Machine.Rates.KNOWN), shapes.spec(model), randomWeights ? activeNeurons : 0);
        AcceptanceFile counted = AcceptanceFile.of(wiring, settings, model);
        var forecasts = new DraftCandidates(wiring, settings, model, fitter.spec(), options, counted)
                .of(what).stream().map(acceptance::over).map(fitter::forecast).toList();
        if (!what.equals(SettingTable.DRAFT_AUTO)) {
            requireSameVocabulary(forecasts.getFirst().candidate(), fitter.spec());
            return Optional.of(forecasts.getFirst());
        }
        DraftChoice choice = DraftChoice.of(forecasts);
        wiring.streams().note(choice.reason());
        return choice.chosen().map(it -> it);
    }

    private static void requireSameVocabulary(DraftCandidate candidate, ModelSpec spec) {
        candidate.spec().ifPresent(it -> SameTokenizer.require(candidate.name(), it, spec));
    }

    /**
     * Measures.
     *
     * @param opened the model, still open; null to open it again
     */
    Optional<DraftReport> measure(
            DraftForecast forecast, ModelOptions options, @Nullable Model opened, Measuring measuring) {
        DraftCandidate candidate = forecast.candidate();
        ModelOptions planned =
                forecast instanceof DraftForecast.Possible it ? options.withDrafted(it.planned()) : options;
        @Nullable Model draft = null;
        try {
            draft = candidate.spec().isPresent() ? openDraft(candidate, options) : null;
            if (opened != null) {
                return Optional.of(run(opened, candidate.name(), draft, measuring));
            }
            try (Model again = opener.apply(planned)) {
                return Optional.of(run(again, candidate.name(), draft, measuring));
            }
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            wiring.streams()
                    .note("there is no room for the draft model: "
                            + (draft == null
                                    ? e.getMessage()
                                    : "it needs "
                                            + Bytes.format(draft.footprint().modelBytes())
                                            + ", and so much is not free beside the model"));
            return Optional.empty();
        } finally {
            if (draft != null) {
                draft.close();
            }
        }
    }

    private DraftReport run(Model opened, String what, @Nullable Model draft, Measuring measuring) {
        return new DraftRun(opened, what, draft, measuring.workload(), acceptance.value())
                .measure(wiring.interruption().token(), measuring.profile(), measuring.alone());
    }

    private Model openDraft(DraftCandidate candidate, ModelOptions options) {
        String name = candidate.name();
        if (name.equals(DraftCandidate.SELF)) {
            return opener.apply(options.withWeights(candidate.options().weights()));
        }
        if (randomWeights) {
            return new RandomModels(wiring, settings).open(machine, name, activeNeurons, null, options);
        }
        Path folder = wiring.model(settings, name).folder();
        SameTokenizer.require(folder, wiring.model(settings, model).folder());
        return machine.open(folder, options);
    }
}
