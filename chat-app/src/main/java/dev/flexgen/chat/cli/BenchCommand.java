package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.RandomModels;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.DraftForecast;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.measure.HostMemoryBenchmark;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.PlanJson;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bench}: how fast a model runs here, set against the rate at which this machine reads memory. */
@Command(
        name = "bench",
        description = {
            "Measures how fast a model reads a prompt and writes a reply on this machine.",
            "With --random-weights, catalogue names need no download.",
            "Without --context, the context is as long as prompt and reply."
        })
final class BenchCommand implements AppCommand {

    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "A folder, a catalogue name or a Hugging Face id")
    String model = "";

    @Option(names = "--random-weights", description = "Use random 16-bit weights of the model's shape")
    boolean randomWeights;

    @Option(
            names = "--active-neurons",
            paramLabel = "SHARE",
            description =
                    "With random weights: share of neurons that are not zero; 0 leaves it to chance, about a half")
    double activeNeurons;

    @Option(names = "--prompt-tokens", paramLabel = "N", description = "Tokens to read (default 512)")
    int promptTokens = 512;

    @Option(names = "--new-tokens", paramLabel = "N", description = "Tokens to write (default 64)")
    int newTokens = 64;

    @Option(
            names = "--plan",
            paramLabel = "FILE",
            description = "Place the model as this file says; --json prints the plan that was used, in the same form")
    String plan = "";

    @Option(
            names = "--sweep",
            description = "Measure the weights in f16, q8 and q4 one after the other, a row for each")
    boolean sweep;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Measure a job: so many prompts at a time, and their replies (default 1, a single reply)")
    int batch = 1;

    @Mixin
    AcceptanceOption acceptance = new AcceptanceOption();

    @Option(names = "--json", description = "Print one JSON object")
    boolean json;

    private static final List<WeightType> SWEPT = List.of(WeightType.F16, WeightType.Q8, WeightType.Q4);

    private final Wiring wiring;

    BenchCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return ModelSettings.DRAFTED;
    }

    @Override
    public ExitCode run(Settings settings) {
        check(settings);
        try (Machine devices = wiring.machine(settings)) {
            MachineProfile profile = devices.profile();
            if (batch > 1) {
                wiring.streams().print(job(devices, settings, profile));
                return ExitCode.OK;
            }
            double hostRead =
                    HostMemoryBenchmark.measure(profile.host().threads()).hostReadBytesPerSecond();
            if (sweep) {
                sweep(devices, settings, profile, hostRead);
                return ExitCode.OK;
            }
            ModelOptions options = wiring.engineOptions(settings).model();
            Measured measured = withDrafts(devices, settings, options, profile, hostRead);
            wiring.streams().print(json ? measured.json(name(settings)) : measured.text(name(settings)));
        }
        return ExitCode.OK;
    }

    /** A model alone, and with drafts if there are any. */
    private record Measured(BenchReport alone, Optional<DraftReport> drafted) {

        String json(String name) {
            return alone.json(name, drafted) + "\n";
        }

        String text(String name) {
            return alone.text(name) + drafted.map(it -> it.text(name)).orElse("");
        }
    }

    private Measured withDrafts(
            Machine devices, Settings settings, ModelOptions asked, MachineProfile profile, double hostRead) {
        long tokens = promptTokens + (long) newTokens;
        BenchDrafts drafts = new BenchDrafts(
                wiring,
                settings,
                name(settings),
                randomWeights,
                activeNeurons,
                acceptance,
                it -> open(devices, settings, it),
                devices);
        ModelOptions options = drafts.options(asked, tokens);
        Optional<DraftForecast> forecast = drafts.decide(options);
        BenchReport report;
        BenchDrafts.Measuring measuring;
        try (Model opened = openFor(tokens, devices, settings, asked)) {
            BenchRun.Workload workload = new BenchRun.Workload(promptTokens, newTokens);
            report =
                    new BenchRun(opened, workload).measure(wiring.interruption().token(), profile, hostRead);
            measuring = new BenchDrafts.Measuring(workload, profile, report.decodeTokensPerSecond());
            if (forecast.isPresent()
                    && (!devices.hasGpu() || forecast.get().candidate().spec().isEmpty())) {
                return new Measured(report, drafts.measure(forecast.get(), options, opened, measuring));
            }
        }
        return new Measured(report, forecast.flatMap(it -> drafts.measure(it, options, null, measuring)));
    }

    private String job(Machine devices, Settings settings, MachineProfile profile) {
        ModelOptions options = wiring.engineOptions(settings).model().withSessions(batch, newTokens);
        try (Model opened = openFor(promptTokens + (long) newTokens, devices, settings, options)) {
            BatchReport report = new BatchRun(opened, new BenchRun.Workload(promptTokens, newTokens), batch)
                    .measure(wiring.interruption().token(), profile);
            return json ? report.json(name(settings)) + "\n" : report.text(name(settings));
        }
    }

    /** Each encoding in turn, a line as soon as it is measured. */
    private void sweep(Machine devices, Settings settings, MachineProfile profile, double hostRead) {
        if (!json) {
            wiring.streams().printLine(BenchReport.HEADING);
        }
        for (WeightType weights : SWEPT) {
            ModelOptions options = wiring.engineOptions(settings).model().withWeights(weights);
            BenchReport report = measure(devices, settings, options, profile, hostRead);
            wiring.streams().printLine(json ? report.json(name(settings)) : report.row(name(settings)));
        }
    }

    private BenchReport measure(
            Machine devices, Settings settings, ModelOptions options, MachineProfile profile, double hostRead) {
        try (Model opened = openFor(promptTokens + (long) newTokens, devices, settings, options)) {
            return new BenchRun(opened, new BenchRun.Workload(promptTokens, newTokens))
                    .measure(wiring.interruption().token(), profile, hostRead);
        }
    }

    /** Unless a context is given, one that just holds what is measured: a longer one could drive weights off the GPU. */
    private Model openFor(long tokens, Machine devices, Settings settings, ModelOptions options) {
        if (options.context() == 0 && tokens <= Integer.MAX_VALUE) {
            try {
                return open(devices, settings, options.withContext((int) tokens));
            } catch (EngineException e) {
                if (e.kind() != EngineException.Kind.INPUT) {
                    throw e;
                }
                // A model with fewer positions is measured as far as they go; any other fault comes again below.
            }
        }
        return open(devices, settings, options);
    }

    private void check(Settings settings) {
        boolean drafts = BenchDrafts.wanted(settings);
        acceptance.check(drafts);
        if (drafts && (sweep || !plan.isEmpty())) {
            throw CommandException.usage(
                    "--draft measures one model with plans of its own; leave out --sweep and --plan");
        }
        if (batch < 1 || batch > BatchOption.MOST) {
            throw CommandException.usage("--batch must be 1 to " + BatchOption.MOST + ", not " + batch);
        }
        if (batch > 1 && (drafts || sweep)) {
            throw CommandException.usage("--batch measures one job without drafts; leave out --draft and --sweep");
        }
        if (promptTokens < 1 || newTokens < 1) {
            throw CommandException.usage("--prompt-tokens and --new-tokens must be at least 1");
        }
        if (activeNeurons > 0 && !randomWeights) {
            throw CommandException.usage(
                    "--active-neurons needs --random-weights; a model's own neurons are as they are");
        }
        if (sweep && !plan.isEmpty()) {
            throw CommandException.usage("--sweep tries encodings, each with a plan of its own; leave out --plan");
        }
    }

    private String name(Settings settings) {
        String chosen = model.isEmpty() ? settings.get(SettingTable.MODEL) : model;
        return chosen.isEmpty() ? BundledModel.DEMO.modelName() : chosen;
    }

    private Model open(Machine devices, Settings settings, ModelOptions options) {
        @Nullable Plan given = plan.isEmpty() ? null : readPlan(Path.of(plan));
        if (!randomWeights) {
            return devices.open(folder(settings), given, options);
        }
        return new RandomModels(wiring, settings).open(devices, name(settings), activeNeurons, given, options);
    }

    private static Plan readPlan(Path file) {
        try {
            return PlanJson.read(Files.readString(file), file.toString());
        } catch (MalformedInputException e) {
            throw CommandException.usage(file + " is not UTF-8 text; give a plan as bench --json prints it");
        } catch (IOException e) {
            throw CommandException.usage("The plan " + file + " cannot be read; check the path and its permissions");
        }
    }

    private Path folder(Settings settings) {
        return (model.isEmpty() ? wiring.model(settings) : wiring.model(settings, model)).folder();
    }
}
