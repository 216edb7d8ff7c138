package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.job.JobProgress;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.TokenizerException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hands prompts to the engine as it asks for them, each as a job. A prompt of a file that cannot be served is said to be so in its
 * place; the only prompt of a command ends the command. One run, one thread.
 *
 * @param <J> what the engine takes of a prompt
 */
abstract class PromptRun<J> implements Iterator<J> {

    private final ModelInUse model;
    private final PromptSource prompts;
    private final Streams streams;
    private final Results output;
    private final @Nullable JobProgress progress;
    private final boolean json;
    private Optional<Encoded> next = Optional.empty();
    private boolean over;
    private int served;
    private int failed;

    /** A line that is no prompt: what came before it is finished first. */
    private @Nullable CommandException unreadable;

    /** A prompt as token ids. */
    private record Encoded(PromptSource.Numbered prompt, int[] ids) {}

    /** @param json whether a failure is an object too */
    PromptRun(
            ModelInUse model,
            PromptSource prompts,
            Streams streams,
            Results output,
            @Nullable JobProgress progress,
            boolean json) {
        this.model = model;
        this.prompts = prompts;
        this.streams = streams;
        this.output = output;
        this.progress = progress;
        this.json = json;
    }

    /** The job of a prompt, which was begun. */
    abstract J job(PromptSource.Numbered prompt, int[] ids);

    /** What is printed before a prompt's result. */
    String heading(PromptSource.Numbered prompt) {
        return "";
    }

    /**
     * Serves all prompts.
     *
     * @return whether none failed
     * @throws CommandException for a line that is no prompt, when all before it have been served
     */
    final boolean serve(Consumer<Iterator<J>> engine) {
        engine.accept(this);
        if (failed > 0) {
            streams.note(failed + " of " + served + " prompts failed");
        }
        if (unreadable != null) {
            throw unreadable;
        }
        return failed == 0;
    }

    @Override
    public final boolean hasNext() {
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
    public final J next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no more prompts");
        }
        Encoded taken = next.orElseThrow();
        next = Optional.empty();
        begin(taken.prompt());
        return job(taken.prompt(), taken.ids());
    }

    private void begin(PromptSource.Numbered prompt) {
        output.begin(prompt.index());
        String heading = heading(prompt);
        if (!heading.isEmpty()) {
            output.print(prompt.index(), heading);
        }
    }

    /** The engine's word that it cannot serve a prompt. */
    final void onFailure(PromptSource.Numbered prompt, EngineException failure) {
        if (prompt.position().isEmpty()) {
            throw failure;
        }
        fail(prompt, failure.getMessage());
    }

    private void fail(PromptSource.Numbered prompt, String reason) {
        failed++;
        String line = JsonLine.of(it ->
                it.put("index", prompt.index()).put("finish_reason", "error").put("error", reason));
        if (!json) {
            streams.note(prompt.position() + ": " + reason);
        }
        output.print(prompt.index(), (json ? line : "") + "\n");
        finish(prompt, Results.End.FAILED, 0);
    }

    /** A prompt has its result, so many tokens of it. */
    final void finish(PromptSource.Numbered prompt, Results.End end, int tokens) {
        output.finish(prompt.index(), end);
        if (progress != null) {
            progress.done(tokens);
        }
    }
}
