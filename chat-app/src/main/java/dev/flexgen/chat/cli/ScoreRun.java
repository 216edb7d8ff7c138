package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.Scorer;
import dev.flexgen.engine.base.EngineException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Texts for a {@link Scorer}: prints the scores of each. */
final class ScoreRun extends PromptRun<Scorer.Job> {

    private final ModelInUse model;
    private final Results output;
    private final boolean json;

    ScoreRun(
            ModelInUse model,
            PromptSource prompts,
            Streams streams,
            Results output,
            @Nullable JobProgress progress,
            boolean json) {
        super(model, prompts, streams, output, progress, json);
        this.model = model;
        this.output = output;
        this.json = json;
    }

    @Override
    Scorer.Job job(PromptSource.Numbered prompt, int[] ids) {
        return new Scorer.Job(ids, new Scorer.Listener() {
            @Override
            public void onEnd(double[] logprobs) {
                Score score = new Score(ids, logprobs);
                output.print(prompt.index(), json ? score.json(prompt.index()) + "\n" : table(score));
                finish(prompt, Results.End.DONE, ids.length);
            }

            @Override
            public void onFailure(EngineException failure) {
                ScoreRun.this.onFailure(prompt, failure);
            }
        });
    }

    private String table(Score score) {
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
