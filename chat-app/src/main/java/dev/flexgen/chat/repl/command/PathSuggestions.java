package dev.flexgen.chat.repl.command;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Completes the names of files. */
public final class PathSuggestions {

    private static final int MOST = 500;

    private PathSuggestions() {}

    /** What a path that was begun may become; the text of each begins as the user wrote it. */
    public static List<Suggestion> of(String begun, CommandContext chat) {
        int slash = begun.lastIndexOf('/') + 1;
        String folder = begun.substring(0, slash);
        String name = begun.substring(slash);
        List<Suggestion> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(chat.path(folder.isEmpty() ? "." : folder))) {
            for (Path file : files) {
                String its = file.getFileName().toString();
                boolean wanted = its.startsWith(name) && (!its.startsWith(".") || name.startsWith("."));
                if (wanted && its.chars().noneMatch(Character::isWhitespace) && found.size() < MOST) {
                    boolean inner = Files.isDirectory(file);
                    found.add(new Suggestion(folder + its + (inner ? "/" : ""), "", !inner));
                }
            }
        } catch (IOException | RuntimeException unreadable) {
            return List.of(); // then there is nothing to suggest
        }
        return found;
    }
}
