package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.Scorer;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code score}: how likely a model finds each token of a text, given those before it. */
@Command(
        name = "score",
        description = {
            "Says how likely a model finds a text, token by token.",
            "Prints the natural logarithm of each token's probability, their sum and the perplexity."
        })
final class ScoreCommand implements AppCommand {

    @Mixin
    PromptOptions prompts = new PromptOptions("--text");

    @Option(names = "--text", paramLabel = "TEXT", description = "The text to judge")
    void text(String text) {
        prompts.text(text);
    }

    @Mixin
    BatchOption batch = new BatchOption();

    @Mixin
    JobOptions jobs = new JobOptions();

    @Option(names = "--json", description = "Print one JSON object a text")
    boolean json;

    private final Wiring wiring;

    ScoreCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>(ModelSettings.ALL);
        settings.add(SettingTable.QUIET);
        return settings;
    }

    @Override
    public ExitCode run(Settings settings) {
        int most = batch.most(prompts);
        jobs.check(prompts);
        prompts.check(wiring.environment());
        if (jobs.isComplete(wiring)) {
            return jobs.sayComplete(wiring);
        }
        if (prompts.noteEmptyFile(wiring.streams()) && !jobs.hasOutput()) {
            return ExitCode.OK;
        }
        PromptSource source = jobs.ours(
                prompts.open(wiring.interruption().guard(wiring.streams().in())));
        if (!jobs.hasOutput()) {
            return score(settings, most, source, new OrderedOutput(wiring.streams()), null);
        }
        return jobs.run(
                wiring,
                settings,
                source,
                recipe(settings),
                job -> score(settings, most, job.source(), job.results(), job.progress()));
    }

    private ExitCode score(
            Settings settings, int most, PromptSource source, Results results, @Nullable JobProgress progress) {
        CancelToken cancel = wiring.interruption().token();
        try (ModelInUse model = wiring.open(settings, options(settings).withSessions(most, 1))) {
            int slots = batch.isAuto(prompts) ? model.model().sessions() : most;
            var run = new ScoreRun(model, source, wiring.streams(), results, progress, json);
            return run.serve(new Scorer(model.model(), slots, cancel)::run) ? ExitCode.OK : ExitCode.FAILURE;
        }
    }

    /** What decides results, besides the texts. */
    private List<String> recipe(Settings settings) {
        return List.of(
                "score",
                settings.get(SettingTable.MODEL),
                String.valueOf(settings.get(SettingTable.RANDOM_WEIGHTS)),
                options(settings).weights().toString(),
                options(settings).kv().toString(),
                String.valueOf(json));
    }

    /** The probabilities are the result, so by default nothing rounds them: neither the cache nor the weights. */
    private ModelOptions options(Settings settings) {
        ModelOptions options = wiring.engineOptions(settings).model();
        if (options.weights() == WeightType.AUTO) {
            options = options.withWeights(WeightType.NATIVE);
        }
        return options.kv() == KvType.AUTO ? options.withKv(KvType.F32) : options;
    }
}
