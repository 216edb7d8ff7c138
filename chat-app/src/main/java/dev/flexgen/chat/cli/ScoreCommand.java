package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.KvType;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.CancelToken;
import java.util.List;
import java.util.Locale;
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

    @Option(names = "--json", description = "Print one JSON object a text")
    boolean json;

    private final Wiring wiring;

    ScoreCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return ModelSettings.ALL;
    }

    @Override
    public ExitCode run(Settings settings) {
        prompts.check(wiring.environment());
        CancelToken cancel = wiring.interruption().token();
        try (ModelInUse model = wiring.open(settings, options(settings))) {
            var input = wiring.interruption().guard(wiring.streams().in());
            prompts.forEach(input, (index, prompt) -> {
                int[] ids = prompt.ids(model);
                var score = new Score(ids, model.model().score(ids, cancel));
                wiring.streams().print(json ? score.json(index) + "\n" : table(score, model));
            });
        }
        return ExitCode.OK;
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
