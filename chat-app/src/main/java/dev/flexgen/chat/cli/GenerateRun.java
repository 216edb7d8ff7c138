package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
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
import dev.flexgen.tokenizer.TokenizerException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Hands prompts to a {@link Generator} as it asks for them, and prints what it makes of each. A prompt of a file that cannot be
 * served is said to be so in its place; the only prompt of a command ends the command. One run, one thread.
 */
final class GenerateRun implements Iterator<Generator.Job> {

    private final ModelInUse model;
    private final GenerationRequest request;
    private final Stops stops;
    private final PromptSource prompts;
    private final Streams streams;
    private final int firstIndex;
    private final Results output;
    private final @Nullable JobProgress progress;
    private final Form form;
    private Optional<Encoded> next = Optional.empty();
    private boolean over;
    private int served;
    private int failed;

    /** A line that is no prompt: what came before it is finished first. */
    private @Nullable CommandException unreadable;

    /** How results are printed. */
    enum Form {
        /** The text of the only prompt. */
        PLAIN,
        /** Texts with a header each, which tells them apart. */
        HEADED,
        /** An object a line. */
        JSON
    }

    /** A prompt as token ids. */
    private record Encoded(PromptSource.Numbered prompt, int[] ids) {}

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
        this.model = model;
        this.request = request;
        this.stops = stops;
        this.prompts = prompts;
        this.streams = streams;
        this.form = form;
        this.firstIndex = firstIndex;
        this.output = output;
        this.progress = progress;
    }

    /**
     * Serves all prompts.
     *
     * @return whether none failed
     * @throws CommandException for a line that is no prompt, when all before it have been served
     */
    boolean serve(Generator generator) {
        generator.run(this);
        if (failed > 0) {
            complain(failed + " of " + served + " prompts failed");
        }
        if (unreadable != null) {
            throw unreadable;
        }
        return failed == 0;
    }

    @Override
    public boolean hasNext() {
        while (next.isEmpty() && !over) {
            Optional<PromptSource.Numbered> prompt = read();
            over = prompt.isEmpty();
            next = prompt.flatMap(this::encode);
        }
        return next.isPresent();
    }

    private Optional<PromptSource.Numbered> read() {
        try {
            return prompts.next();
        } catch (CommandException e) {
            unreadable = e;
            return Optional.empty();
        }
    }

    /** Empty for a text that the tokenizer refuses, which is then said in its place. */
    private Optional<Encoded> encode(PromptSource.Numbered prompt) {
        served++;
        try {
            return Optional.of(new Encoded(prompt, prompt.prompt().ids(model)));
        } catch (TokenizerException e) {
            if (e.kind() != TokenizerException.Kind.TEXT || prompt.position().isEmpty()) {
                throw e;
            }
            begin(prompt);
            fail(prompt, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public Generator.Job next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no more prompts");
        }
        PromptSource.Numbered prompt = next.orElseThrow().prompt();
        int[] ids = next.orElseThrow().ids();
        next = Optional.empty();
        begin(prompt);
        Optional<Tokenizer> tokenizer = stops.isEmpty() ? model.tokenizer() : Optional.of(model.requireTokenizer());
        return new Generator.Job(ids, request, new Listener(prompt, ids.length, tokenizer));
    }

    private void complain(String sentence) {
        streams.note(sentence);
    }

    private void begin(PromptSource.Numbered prompt) {
        output.begin(prompt.index());
        if (form == Form.HEADED && model.tokenizer().isPresent()) {
            output.print(
                    prompt.index(),
                    (prompt.index() == firstIndex ? "" : "\n") + "==> prompt " + (prompt.index() + 1) + " <==\n");
        }
    }

    private void fail(PromptSource.Numbered prompt, String reason) {
        failed++;
        boolean json = form == Form.JSON;
        String line = JsonLine.of(it ->
                it.put("index", prompt.index()).put("finish_reason", "error").put("error", reason));
        if (!json) {
            complain(prompt.position() + ": " + reason);
        }
        output.print(prompt.index(), (json ? line : "") + "\n");
        finish(prompt, Results.End.FAILED, 0);
    }

    private void finish(PromptSource.Numbered prompt, Results.End end, int newTokens) {
        output.finish(prompt.index(), end);
        if (progress != null) {
            progress.done(newTokens);
        }
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
            if (prompt.position().isEmpty()) {
                throw failure;
            }
            fail(prompt, failure.getMessage());
        }
    }
}
