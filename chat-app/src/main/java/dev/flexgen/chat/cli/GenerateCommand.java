package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Generator;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code generate}: completes one prompt or every prompt of a file, greedily unless sampling settings say otherwise. */
@Command(
        name = "generate",
        description = {
            "Completes a prompt, or every prompt of a file.",
            "Takes the likeliest token at each step unless a temperature is set."
        })
final class GenerateCommand implements AppCommand {

    /** Up to so many, a step computes each token as it would alone, to the last bit. */
    @Mixin
    PromptOptions prompts = new PromptOptions("--prompt", "--prompt-file");

    @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to complete")
    void prompt(String text) {
        prompts.text(text);
    }

    /** A field, unlike the text: picocli lists setters in the order of the JVM's reflection, which varies. */
    @Option(names = "--prompt-file", paramLabel = "FILE", description = "A file that is the text; - is standard input")
    @Nullable
    String promptFile;

    @Option(names = "--ignore-eos", description = "Go on when the model says that the text is over")
    boolean ignoreEos;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be given several times")
    List<String> stopStrings = new ArrayList<>();

    @Option(
            names = "--function",
            description = "End with the Python function that the prompt ends in, or else with the first that begins")
    boolean function;

    @Mixin
    BatchOption batch = new BatchOption();

    @Mixin
    JobOptions jobs = new JobOptions();

    @Option(names = "--json", description = "Print one JSON object a prompt")
    boolean json;

    private final Wiring wiring;

    GenerateCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>(ModelSettings.REPLYING);
        settings.add(SettingTable.QUIET);
        settings.add(SettingTable.MAX_NEW_TOKENS);
        settings.addAll(Sampling.SETTINGS);
        return settings;
    }

    @Override
    public ExitCode run(Settings settings) {
        int most = batch.most(prompts);
        jobs.check(prompts);
        prompts.textFile(promptFile);
        prompts.check(wiring.environment());
        SamplerOptions sampling = Sampling.plain(settings); // refused, if at all, before a model is loaded
        if (jobs.isComplete(wiring)) {
            return jobs.sayComplete(wiring);
        }
        if (prompts.noteEmptyFile(wiring.streams()) && !jobs.hasOutput()) {
            return ExitCode.OK;
        }
        wiring.announceDefaultModel(settings);
        PromptSource source = jobs.ours(
                prompts.open(wiring.interruption().guard(wiring.streams().in())));
        if (!jobs.hasOutput()) {
            return generate(settings, sampling, most, source, new OrderedOutput(wiring.streams()), null);
        }
        return jobs.run(
                wiring,
                settings,
                source,
                recipe(settings),
                job -> generate(settings, sampling, most, job.source(), job.results(), job.progress()));
    }

    private ExitCode generate(
            Settings settings,
            SamplerOptions sampling,
            int most,
            PromptSource source,
            Results results,
            @Nullable JobProgress progress) {
        CancelToken cancel = wiring.interruption().token();
        try (ModelInUse model = wiring.open(
                settings,
                wiring.engineOptions(settings).model().withSessions(most, settings.get(SettingTable.MAX_NEW_TOKENS)))) {
            var form =
                    json ? GenerateRun.Form.JSON : prompts.several() ? GenerateRun.Form.HEADED : GenerateRun.Form.PLAIN;
            var run = new GenerateRun(
                    model,
                    request(model, settings, sampling),
                    new Stops(stopStrings, function),
                    source,
                    wiring.streams(),
                    form,
                    jobs.firstIndex(),
                    results,
                    progress);
            int slots = batch.isAuto(prompts) ? model.model().sessions() : most;
            return serve(run, model, slots, cancel);
        }
    }

    /** Drafts are for one reply at a time: several fill a step by themselves. */
    private static ExitCode serve(GenerateRun run, ModelInUse model, int slots, CancelToken cancel) {
        @Nullable Speculation drafts = slots == 1 ? model.speculation().orElse(null) : null;
        try {
            return run.serve(new Generator(model.model(), slots, cancel, drafts)::run) ? ExitCode.OK : ExitCode.FAILURE;
        } finally {
            if (drafts != null) {
                drafts.close();
            }
        }
    }

    /** What decides results, besides the prompts: another recipe is another job. */
    private List<String> recipe(Settings settings) {
        return List.of(
                "generate",
                settings.get(SettingTable.MODEL),
                String.valueOf(settings.get(SettingTable.RANDOM_WEIGHTS)),
                settings.get(SettingTable.WEIGHTS).toString(),
                settings.get(SettingTable.KV).toString(),
                String.valueOf(settings.get(SettingTable.MAX_NEW_TOKENS)),
                Sampling.SETTINGS.stream().map(settings::get).toList().toString(),
                String.valueOf(ignoreEos),
                stopStrings + (function ? " function" : ""),
                String.valueOf(json));
    }

    private GenerationRequest request(ModelInUse model, Settings settings, SamplerOptions sampling) {
        return new GenerationRequest(
                settings.get(SettingTable.MAX_NEW_TOKENS),
                sampling,
                ignoreEos ? Set.of() : model.model().spec().endTokens());
    }
}
