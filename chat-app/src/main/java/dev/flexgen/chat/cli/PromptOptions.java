package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.Environment;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a command's prompts come from: exactly one of text, ids or a file. */
final class PromptOptions {

    private final String textOption;
    private @Nullable String text;

    @Option(names = "--ids", paramLabel = "IDS", description = "Token ids separated by commas, such as 2,5,9")
    @Nullable
    String ids;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description =
                    "A file with one JSON object a line, {\"prompt\": \"text\"} or {\"ids\": [2,5,9]}; - is standard input")
    @Nullable
    String input;

    /** @param textOption the command's own name for its text, for messages */
    PromptOptions(String textOption) {
        this.textOption = textOption;
    }

    void text(String value) {
        text = value;
    }

    /** Complains about what can be known before a model is opened. */
    void check() {
        if (Stream.of(text, ids, input).filter(Objects::nonNull).count() != 1) {
            throw CommandException.usage("give exactly one of " + textOption + ", --ids and --input");
        }
        if (ids != null) {
            IdList.parse(ids);
        }
    }

    /** Whether prompts come from a file on a disk, which can be read ahead without making anybody wait. */
    boolean fromFile() {
        return input != null && !input.equals("-");
    }

    /** The prompts, in order. The caller closes it. */
    PromptSource open(Environment environment, InputStream standardInput) {
        if (text != null) {
            return PromptSource.of(new Prompt.Text(text));
        }
        if (ids != null) {
            return PromptSource.of(new Prompt.Ids(IdList.parse(ids)));
        }
        String name = Objects.requireNonNull(input, "check() has not been called");
        return PromptSource.of(
                name.equals("-")
                        ? new PromptFile("standard input", standardInput)
                        : new PromptFile(name, open(name, environment.path(name))));
    }

    /** Hands every prompt to {@code consumer}, in order. */
    void forEach(Environment environment, InputStream standardInput, PromptConsumer consumer) {
        try (PromptSource source = open(environment, standardInput)) {
            for (var prompt = source.next(); prompt.isPresent(); prompt = source.next()) {
                accept(consumer, prompt.get());
            }
        }
    }

    /** Takes one prompt. */
    @FunctionalInterface
    interface PromptConsumer {
        /** Takes it; {@code index} counts from 0. */
        void accept(int index, Prompt prompt);
    }

    private static void accept(PromptConsumer consumer, PromptSource.Numbered prompt) {
        try {
            consumer.accept(prompt.index(), prompt.prompt());
        } catch (EngineException e) {
            if (e.kind() == EngineException.Kind.INPUT && !prompt.position().isEmpty()) {
                throw CommandException.usage(prompt.position() + ": " + e.getMessage());
            }
            throw e;
        }
    }

    private static InputStream open(String name, Path path) {
        try {
            return Files.newInputStream(path);
        } catch (NoSuchFileException e) {
            throw CommandException.usage("there is no file " + name);
        } catch (IOException e) {
            throw CommandException.usage(name + " cannot be read: " + e.getMessage());
        }
    }
}
