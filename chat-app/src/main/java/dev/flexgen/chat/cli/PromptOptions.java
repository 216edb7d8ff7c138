package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.TextLines;
import dev.flexgen.config.Environment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a command's prompts come from: exactly one of text, ids or a file. */
final class PromptOptions {

    private static final String STANDARD_INPUT = "-";
    private static final String STANDARD_INPUT_NAME = "standard input";
    private static final int LONGEST_TEXT = 1 << 24;

    private final List<String> textOptions;
    private @Nullable String text;
    private @Nullable String textFile;

    @Option(names = "--ids", paramLabel = "IDS", description = "Token ids separated by commas, such as 2,5,9")
    @Nullable
    String ids;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description =
                    "A file with one text a line, or one JSON object a line, {\"prompt\": \"text\"} or {\"ids\": [2,5,9]};"
                            + " - is standard input")
    @Nullable
    String input;

    /** What {@link #check} found in the file. */
    private @Nullable List<PromptSource.Numbered> read;

    /** @param textOptions the command's own names for its text, and for the file with it if there is one, for messages */
    PromptOptions(String... textOptions) {
        this.textOptions = List.of(textOptions);
    }

    void text(String value) {
        text = value;
    }

    /** A file whose whole content is the text; null for none. */
    void textFile(@Nullable String name) {
        textFile = name;
    }

    /** Whether there may be several prompts. */
    boolean several() {
        return input != null;
    }

    /** Complains about what can be known before a model is opened; a file is read to its end, unlike a pipe. */
    void check(Environment environment) {
        if (Stream.of(text, textFile, ids, input).filter(Objects::nonNull).count() != 1) {
            throw CommandException.usage("give exactly one of " + String.join(", ", textOptions)
                    + ", --ids and --input; what comes through a pipe is read with --input -");
        }
        if ("".equals(input) || "".equals(textFile)) {
            throw CommandException.usage((textFile == null ? "--input" : textOptions.getLast())
                    + " has an empty name; name a file, or - for standard input");
        }
        if (ids != null) {
            IdList.parse(ids);
        }
        if (input != null && !input.equals(STANDARD_INPUT)) {
            read = readAll(input, environment.path(input));
        }
        if (textFile != null && !textFile.equals(STANDARD_INPUT)) {
            text = wholeFile(textFile, environment.path(textFile));
        }
    }

    /** Whether prompts come from a file on a disk, which can be read ahead without making anybody wait. */
    boolean fromFile() {
        return input != null && !input.equals(STANDARD_INPUT);
    }

    /** Says so if a file on a disk has not one prompt: somebody may have named another than they meant. Whether it is so. */
    boolean noteEmptyFile(Streams streams) {
        boolean empty = read != null && read.isEmpty();
        if (empty) {
            streams.note(input
                    + " holds no prompt, so there is no result; write one text or one JSON object a line into it");
        }
        return empty;
    }

    /** The prompts, in order; those of a pipe as they come. A text that comes through a pipe is read to its end here. */
    PromptSource open(InputStream standardInput) {
        if (text != null) {
            return PromptSource.of(new Prompt.Text(text));
        }
        if (textFile != null) {
            return PromptSource.of(new Prompt.Text(TextLines.whole(STANDARD_INPUT_NAME, standardInput, LONGEST_TEXT)));
        }
        if (ids != null) {
            return PromptSource.of(new Prompt.Ids(IdList.parse(ids)));
        }
        return read != null
                ? PromptSource.of(read)
                : PromptSource.of(new PromptFile(STANDARD_INPUT_NAME, standardInput));
    }

    private static List<PromptSource.Numbered> readAll(String name, Path path) {
        List<PromptSource.Numbered> prompts = new ArrayList<>();
        try (InputStream stream = open(name, path)) {
            PromptSource source = PromptSource.of(new PromptFile(name, stream));
            for (var prompt = source.next(); prompt.isPresent(); prompt = source.next()) {
                prompts.add(prompt.get());
            }
        } catch (IOException e) {
            throw TextLines.unreadable(name, e);
        }
        return prompts;
    }

    private static String wholeFile(String name, Path path) {
        try (InputStream stream = open(name, path)) {
            return TextLines.whole(name, stream, LONGEST_TEXT);
        } catch (IOException e) {
            throw TextLines.unreadable(name, e);
        }
    }

    private static InputStream open(String name, Path path) {
        try {
            return Files.newInputStream(path);
        } catch (NoSuchFileException e) {
            throw CommandException.usage("there is no file " + name);
        } catch (IOException e) {
            throw TextLines.unreadable(name, e);
        }
    }
}
