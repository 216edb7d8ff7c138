package dev.flexgen.chat.repl.command;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Puts the text of files into a message where it says {@code @PATH}. */
public final class Attachments {

    private static final long MOST_BYTES = 1 << 20;
    private static final Pattern REFERENCE = Pattern.compile("(?<!\\S)@(\\S+)");

    private final Function<String, Path> paths;

    /** @param paths what a user means by the name of a file */
    public Attachments(Function<String, Path> paths) {
        this.paths = paths;
    }

    /**
     * The message with the files in it. What looks like a name, and is none of a file, stays as it is.
     *
     * @throws IOException if a file cannot be used; the message says why
     */
    public String expand(String message) throws IOException {
        var expanded = new StringBuilder();
        int at = 0;
        for (MatchResult reference : REFERENCE.matcher(message).results().toList()) {
            String name = reference.group(1);
            if (Files.exists(path(name)) || name.contains("/")) {
                expanded.append(message, at, reference.start()).append(text(name));
                at = reference.end();
            }
        }
        return at == 0 && expanded.isEmpty()
                ? message
                : expanded.append(message.substring(at)).toString();
    }

    /** A file's text with its name, as it stands in a message. */
    String text(String name) throws IOException {
        Path file = path(name);
        if (Files.isDirectory(file)) {
            throw new IOException(file + " is a folder; name a file in it");
        }
        if (!Files.isReadable(file)) {
            throw new IOException("there is no file " + file + " that can be read");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is no ordinary file");
        }
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException(file + " has more than 1 MiB, more than any model here can read; take a part of it");
        }
        try {
            String content = Files.readString(file);
            if (content.indexOf('\0') >= 0) {
                throw new IOException(file + " is no text file");
            }
            return file.getFileName() + ":\n```\n" + content.stripTrailing() + "\n```";
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is no UTF-8 text", e);
        }
    }

    private Path path(String name) throws IOException {
        try {
            return paths.apply(name);
        } catch (IllegalArgumentException e) { // a character that no path can have
            throw new IOException("'" + name + "' cannot be the name of a file", e);
        }
    }
}
