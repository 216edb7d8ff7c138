package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.dialogue.ReplyText;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.engine.FinishReason;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Generator;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Prompts for a {@link Generator}: prints the reply to each as it comes. */
final class GenerateRun extends PromptRun<Generator.Job> {

    private final ModelInUse model;
    private final GenerationRequest request;
    private final Stops stops;
    private final Streams streams;
    private final int firstIndex;
    private final Results output;
    private final Form form;

    /** How results are printed. */
    enum Form {
        /** The text of the only prompt. */
        PLAIN,
        /** Texts with a header each, which tells them apart. */
        HEADED,
        /** An object a line. */
        JSON
    }

    /**
     * A run over some prompts.
     *
     * @param firstIndex of the command's first prompt, whose result begins the output
     */
    GenerateRun(
            ModelInUse model,
            GenerationRequest request,
            Stops stops,
            PromptSource prompts,
            Streams streams,
            Form form,
            int firstIndex,
            Results output,
            @Nullable JobProgress progress) {
        super(model, prompts, streams, output, progress, form == Form.JSON);
        this.model = model;
        this.request = request;
        this.stops = stops;
        this.streams = streams;
        this.form = form;
        this.firstIndex = firstIndex;
        this.output = output;
    }

    @Override
    Generator.Job job(PromptSource.Numbered prompt, int[] ids) {
        Optional<Tokenizer> tokenizer = stops.isEmpty() ? model.tokenizer() : Optional.of(model.requireTokenizer());
        return new Generator.Job(ids, request, new Listener(prompt, ids.length, tokenizer));
    }

    @Override
    String heading(PromptSource.Numbered prompt) {
        return form == Form.HEADED && model.tokenizer().isPresent()
                ? (prompt.index() == firstIndex ? "" : "\n") + "==> prompt " + (prompt.index() + 1) + " <==\n"
                : "";
    }

    /** What becomes of one prompt. */
    private final class Listener implements Generator.Listener {

        private final PromptSource.Numbered prompt;
        private final int promptTokens;
        private final @Nullable ReplyText text;

        Listener(PromptSource.Numbered prompt, int promptTokens, Optional<Tokenizer> tokenizer) {
            this.prompt = prompt;
            this.promptTokens = promptTokens;
            this.text = tokenizer
                    .map(known -> new ReplyText(stops.of(prompt.prompt(), model), known, this::live))
                    .orElse(null);
        }

        private void live(String part) {
            if (form != Form.JSON) {
                output.print(prompt.index(), streams.reply(part));
            }
        }

        @Override
        public Verdict onToken(int id) {
            if (text == null) {
                return Verdict.CONTINUE;
            }
            text.push(id);
            return text.stopped() ? Verdict.STOP : Verdict.CONTINUE;
        }

        @Override
        public void onEnd(Generation generation) {
            if (text != null) {
                text.finish(ReplyText.HalfCharacter.REPLACE);
            }
            String end = text == null ? IdList.format(generation.ids()) : "";
            Completion completion = new Completion(promptTokens, generation, text == null ? null : text.text());
            output.print(prompt.index(), (form == Form.JSON ? completion.json(prompt.index()) : end) + "\n");
            boolean cancelled = generation.reason() == FinishReason.CANCELLED;
            finish(
                    prompt,
                    cancelled ? Results.End.CANCELLED : Results.End.DONE,
                    generation.tokens().size());
        }

        @Override
        public void onFailure(EngineException failure) {
            GenerateRun.this.onFailure(prompt, failure);
        }
    }
}
