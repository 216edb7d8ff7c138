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

    /** Hands every prompt to {@code consumer}, in order. */
    void forEach(Environment environment, InputStream standardInput, PromptConsumer consumer) {
        if (text != null) {
            consumer.accept(0, new Prompt.Text(text));
        } else if (ids != null) {
            consumer.accept(0, new Prompt.Ids(IdList.parse(ids)));
        } else if (input != null) {
            readFile(input, environment, standardInput, consumer);
        }
    }

    /** Takes one prompt. */
    @FunctionalInterface
    interface PromptConsumer {
        /** Takes it; {@code index} counts from 0. */
        void accept(int index, Prompt prompt);
    }

    private static void readFile(
            String name, Environment environment, InputStream standardInput, PromptConsumer consumer) {
        boolean standard = name.equals("-");
        try (PromptFile file = standard
                ? new PromptFile("standard input", standardInput)
                : new PromptFile(name, open(name, environment.path(name)))) {
            int index = 0;
            for (var prompt = file.next(); prompt.isPresent(); prompt = file.next()) {
                accept(consumer, index++, prompt.get(), file.position());
            }
        }
    }

    private static void accept(PromptConsumer consumer, int index, Prompt prompt, String position) {
        try {
            consumer.accept(index, prompt);
        } catch (EngineException e) {
            if (e.kind() == EngineException.Kind.INPUT) {
                throw CommandException.usage(position + ": " + e.getMessage());
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
