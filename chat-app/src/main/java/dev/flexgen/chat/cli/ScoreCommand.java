package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
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
            score(settings, source, new OrderedOutput(wiring.streams()), _ -> {});
            return ExitCode.OK;
        }
        return jobs.run(wiring, settings, source, recipe(settings), job -> {
            score(settings, job.source(), job.results(), job.progress()::done);
            return ExitCode.OK;
        });
    }

    private void score(Settings settings, PromptSource source, Results results, IntConsumer progress) {
        CancelToken cancel = wiring.interruption().token();
        try (ModelInUse model = wiring.open(settings, options(settings))) {
            PromptOptions.forEach(source, (index, prompt) -> {
                int[] ids = prompt.ids(model);
                var score = new Score(ids, model.model().score(ids, cancel));
                results.begin(index);
                results.print(index, json ? score.json(index) + "\n" : table(score, model));
                results.finish(index, Results.End.DONE);
                progress.accept(ids.length);
            });
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

    private static String table(Score score, ModelInUse model) {
        var table = new StringBuilder();
        for (int i = 0; i < score.length(); i++) {
            int[] id = {score.id(i)};
            String text = model.tokenizer().map(known -> known.decode(id)).orElse("");
            table.append(String.format(Locale.ROOT, "%8d  %10s  ", id[0], number(score.logprob(i))))
                    .append(PlainText.line(text.replace("\n", "\\n")))
                    .append('\n');
        }
        return table.append(total("sum", score.sum()))
                .append(total("perplexity", score.perplexity()))
                .toString();
    }

    private static String total(String name, double value) {
        return String.format(Locale.ROOT, "%-10s %9s\n", name, number(value));
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
    }
}
