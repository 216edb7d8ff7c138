package dev.flexgen.chat.demo;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.NearestName;
import dev.flexgen.config.PlainText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where tapes come from: those that come with the program, and files. */
public final class DemoShelf {

    /** In the order in which somebody new to the program would watch them. */
    private static final List<String> NAMES = List.of(
            "first-chat", "memory", "spanish", "multi-line", "retry-undo", "sessions", "plan-175b", "model-switch");

    private static final String TAPE = ".tape";
    private static final String GOLDEN = ".golden.txt";
    private static final int MOST_BYTES = 1 << 20;

    private DemoShelf() {}

    /** A tape, and what the screen must look like at its end, where that is known. */
    public record Demo(String name, Tape tape, Optional<GoldenGrid> golden) {}

    /** The names of those that come with the program. */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * The demo with this name, else the one in this file.
     *
     * @param path the file that {@code word} would be
     * @throws CommandException if there is none, or it cannot be understood
     */
    public static Demo find(String word, Path path) {
        if (NAMES.contains(word)) {
            return bundled(word);
        }
        if (!Files.exists(path) && !word.contains("/") && !word.endsWith(TAPE)) {
            throw CommandException.usage("there is no demo '" + PlainText.excerpt(word) + "'"
                    + NearestName.of(word, NAMES)
                            .map(near -> "; did you mean '" + near + "'?")
                            .orElse(", and no file of that name; there are: " + String.join(", ", NAMES)));
        }
        return inFile(word, path);
    }

    private static Demo bundled(String name) {
        Tape tape = TapeReader.read(name + TAPE, resource(name + TAPE));
        return new Demo(name, tape, Optional.of(GoldenGrid.of(resource(name + GOLDEN))));
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(DemoShelf.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Demo inFile(String word, Path path) {
        Tape tape = TapeReader.read(word, text(word, path));
        String name = path.getFileName() == null ? word : path.getFileName().toString();
        String stem = name.endsWith(TAPE) ? name.substring(0, name.length() - TAPE.length()) : name;
        Path golden = path.resolveSibling(stem + GOLDEN);
        return new Demo(
                word,
                tape,
                Files.isRegularFile(golden)
                        ? Optional.of(GoldenGrid.of(text(golden.toString(), golden)))
                        : Optional.empty());
    }

    private static String text(String word, Path path) {
        try {
            if (Files.isDirectory(path)) {
                throw unreadable(word, "it is a folder");
            }
            if (!Files.exists(path)) {
                throw unreadable(word, "there is no such file");
            }
            byte[] bytes;
            try (InputStream in = Files.newInputStream(path)) {
                bytes = in.readNBytes(MOST_BYTES + 1);
            }
            if (bytes.length > MOST_BYTES) {
                throw unreadable(word, "it has more than 1 MiB");
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw unreadable(word, "it is no text in UTF-8");
        } catch (IOException e) {
            throw unreadable(word, String.valueOf(e.getMessage()));
        }
    }

    private static CommandException unreadable(String word, String why) {
        return CommandException.usage("the tape " + PlainText.excerpt(word) + " cannot be read: " + why
                + "; 'flexgen-chat demo --list' names those that come with the program");
    }
}
