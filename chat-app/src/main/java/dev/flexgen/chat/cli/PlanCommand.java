package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.draft.AcceptanceFile;
import dev.flexgen.chat.draft.DraftCandidates;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftChoice;
import dev.flexgen.engine.DraftFitter;
import dev.flexgen.engine.DraftForecast;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ProfileJson;
import dev.flexgen.engine.plan.ShippedProfiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code plan}: where everything of a model would go, how fast it would be, and why. Needs no weights. */
@Command(
        name = "plan",
        description = {
            "Shows where a model's weights would go, how fast it would be and what would make it faster.",
            "Needs no weights and no such machine: the options for memory and disk are what-if questions."
        })
final class PlanCommand implements AppCommand {

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A folder, a catalogue name or a Hugging Face id")
    String model = "";

    @Option(
            names = "--machine",
            paramLabel = "FILE|t4|3090",
            description =
                    "Plan for another machine: one that the program knows, or a profile as 'doctor --json' prints it")
    String machine = "";

    @Option(names = "--compare", description = "Show all OPT models, a line for each")
    boolean compare;

    /** As FlexGen measured; the prompt is the rest of the context. */
    private static final int REPLY_OF_A_JOB = 32;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Plan a job: so many replies of 32 tokens at the same time, to prompts that fill the rest of the context"
                            + " (default 1, a conversation)")
    int batch = 1;

    @Mixin
    AcceptanceOption acceptance = new AcceptanceOption();

    @Option(names = "--json", description = "Print one JSON object; with --compare one a line")
    boolean json;

    private final Wiring wiring;

    PlanCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return ModelSettings.DRAFTED;
    }

    @Override
    public ExitCode run(Settings settings) {
        if (batch < 1 || batch > 1024) {
            throw CommandException.usage("--batch is " + batch + "; it must be 1 to 1024");
        }
        if (compare && !model.isEmpty()) {
            throw CommandException.usage("plan --compare shows all OPT models and takes none; leave out " + model
                    + ", or leave out --compare for the plan of that model");
        }
        String draft = settings.get(SettingTable.DRAFT);
        acceptance.check(!compare && DraftCandidates.areAskedFor(draft));
        ModelFitter fitter = fitter(settings);
        if (compare) {
            compare(fitter);
            return ExitCode.OK;
        }
        String name = model.isEmpty() ? settings.get(SettingTable.MODEL) : model;
        if (name.isEmpty()) {
            throw CommandException.usage("plan needs a model, such as opt-30b; or --compare for all OPT models");
        }
        return show(name, spec(settings, name), fitter, settings);
    }

    private ExitCode show(String name, ModelSpec spec, ModelFitter fitter, Settings settings) {
        WhatHelps help = new WhatHelps(fitter, spec);
        return switch (fitter.fit(spec, 0)) {
            case FitResult.Fits fits -> {
                PlanReport report = new PlanReport(name, fits, fitter, batch, drafts(settings, name, spec, fitter));
                wiring.streams().print(json ? report.json(help.faster(fits)) + "\n" : report.text(help.faster(fits)));
                yield ExitCode.OK;
            }
            case FitResult.Refused(var kind, var sentence) -> {
                if (kind == EngineException.Kind.PLACEMENT) {
                    throw CommandException.of(ExitCode.FIT, sentence + help.toFit());
                }
                throw new EngineException(kind, sentence, null);
            }
        };
    }

    private void compare(ModelFitter fitter) {
        if (!json) {
            wiring.streams().print(PlanReport.machineLine(fitter.state()) + PlanTable.HEADING);
        }
        for (CatalogueEntry entry : wiring.catalogue().entries()) {
            if (entry.series().equals("OPT")) {
                FitResult result = fitter.fit(PublishedModels.spec(entry), 0);
                if (json && result instanceof FitResult.Fits fits) {
                    wiring.streams()
                            .printLine(
                                    new PlanReport(entry.name(), fits, fitter, batch, PlanDrafts.NONE).json(List.of()));
                } else if (!json) {
                    wiring.streams().print(PlanTable.row(entry.name(), result, batch));
                }
            }
        }
    }

    private PlanDrafts drafts(Settings settings, String name, ModelSpec spec, ModelFitter fitter) {
        String what = settings.get(SettingTable.DRAFT);
        AcceptanceFile counted = AcceptanceFile.of(wiring, settings, name);
        DraftFitter drafts = new DraftFitter(fitter, spec, 0);
        List<DraftForecast> forecasts = new DraftCandidates(wiring, settings, name, spec, fitter.options(), counted)
                .of(what).stream().map(acceptance::over).map(drafts::forecast).toList();
        Optional<DraftChoice> choice =
                what.equals(SettingTable.DRAFT_AUTO) ? Optional.of(DraftChoice.of(forecasts)) : Optional.empty();
        return new PlanDrafts(forecasts, choice, !PlanReport.isElsewhere(fitter.state()));
    }

    private ModelFitter fitter(Settings settings) {
        ModelFitter fitter = machine.isEmpty()
                ? wiring.outlook(settings, Machine.Rates.KNOWN)
                : ModelFitter.elsewhere(profile(), wiring.engineOptions(settings));
        return batch == 1 ? fitter : fitter.with(fitter.options().withSessions(batch, REPLY_OF_A_JOB));
    }

    private MachineProfile profile() {
        return ShippedProfiles.find(machine).orElseGet(() -> {
            Path file = wiring.environment().path(machine);
            try {
                return ProfileJson.read(Files.readString(file), machine);
            } catch (IOException e) {
                throw CommandException.usage("--machine " + machine + " is neither a file that can be read nor one of "
                        + String.join(", ", ShippedProfiles.names()) + "; name a profile as 'doctor --json' prints it");
            }
        });
    }

    private ModelSpec spec(Settings settings, String name) {
        return wiring.catalogue()
                .find(name)
                .map(entry -> {
                    if (!Families.names().contains(entry.family())) {
                        throw CommandException.model(wiring.familyThatDoesNotRun(entry));
                    }
                    return PublishedModels.spec(entry);
                })
                .orElseGet(() -> Families.read(wiring.model(settings, name).folder()));
    }
}
