package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.NearestName;
import dev.flexgen.config.PlainText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The first word of a command line, where it is no command: understood if it can be, else answered with the right one. */
final class FirstWord {

    /** What people type who know other programs of this kind, with what they mean here. */
    private static final Map<String, String> ELSEWHERE = Map.ofEntries(
            Map.entry("run", "-m"),
            Map.entry("talk", "-m"),
            Map.entry("list", "models list"),
            Map.entry("ls", "models list"),
            Map.entry("search", "models list"),
            Map.entry("pull", "models pull"),
            Map.entry("download", "models pull"),
            Map.entry("get", "models pull"),
            Map.entry("install", "models pull"),
            Map.entry("show", "models show"),
            Map.entry("info", "models show"),
            Map.entry("rm", "models rm"),
            Map.entry("remove", "models rm"),
            Map.entry("delete", "models rm"),
            Map.entry("complete", "generate"),
            Map.entry("benchmark", "bench"),
            Map.entry("init", "setup"),
            Map.entry("settings", "config"),
            Map.entry("set", "config set"),
            Map.entry("quit", ""),
            Map.entry("exit", ""));

    private final Collection<String> commands;
    private final Supplier<Catalogue> catalogue;
    private final BooleanSupplier inputWaits;

    /** @param inputWaits whether text comes through a pipe, which makes any word a question about it */
    FirstWord(Collection<String> commands, Supplier<Catalogue> catalogue, BooleanSupplier inputWaits) {
        this.commands = commands;
        this.catalogue = catalogue;
        this.inputWaits = inputWaits;
    }

    /**
     * The words as the commands know them: {@code help} and {@code version} are options there, and a question is an
     * argument of the chat.
     *
     * @throws CommandException if the first is no command, with what was meant
     */
    List<String> understand(List<String> words) {
        String first = words.getFirst();
        if (first.startsWith("-") || commands.contains(first)) {
            return words;
        }
        if (first.equals("help")) {
            List<String> about = new ArrayList<>(words.subList(1, words.size()));
            if (!about.isEmpty()) {
                about = new ArrayList<>(understand(about));
            }
            about.add("--help");
            return about;
        }
        if (first.equals("version")) {
            return List.of("--version");
        }
        if (isQuestion(first)) {
            return chat(words);
        }
        Optional<String> meant = meant(words);
        if (meant.isEmpty() && inputWaits.getAsBoolean()) {
            return chat(words);
        }
        throw CommandException.usage(
                "unknown command '" + PlainText.excerpt(first) + "'" + meant.orElseGet(() -> lost(words)));
    }

    /** A command has no white space in it. */
    static boolean isQuestion(String argument) {
        return argument.strip().chars().anyMatch(Character::isWhitespace);
    }

    private static List<String> chat(List<String> words) {
        List<String> chat = new ArrayList<>(words);
        chat.addFirst("chat");
        return chat;
    }

    private static String lost(List<String> words) {
        return words.size() > 1 && words.stream().noneMatch(word -> word.startsWith("-"))
                ? "; a question is one argument: flexgen-chat \"" + PlainText.excerpt(String.join(" ", words)) + "\""
                : "; 'flexgen-chat help' lists what there is";
    }

    private Optional<String> meant(List<String> words) {
        String first = words.getFirst();
        String elsewhere = ELSEWHERE.get(first);
        if (elsewhere != null) {
            return Optional.of("; here it is: " + command(elsewhere, words));
        }
        if (BundledModel.named(first).isPresent() || catalogue.get().find(first).isPresent()) {
            return Optional.of("; to talk with that model: flexgen-chat -m " + first);
        }
        return NearestName.of(first, commands)
                .or(() -> NearestName.of(first, List.of("help", "version")))
                .or(() -> NearestName.of(first, ELSEWHERE.keySet())
                        .map(ELSEWHERE::get)
                        .filter(near -> !near.isEmpty() && !near.startsWith("-")))
                .map(near -> "; did you mean '" + near + "'?");
    }

    private static String command(String elsewhere, List<String> words) {
        if (elsewhere.isEmpty()) {
            return "nothing runs; the chat is left with Ctrl-D or /bye";
        }
        boolean about = elsewhere.equals("-m") || elsewhere.startsWith("models ");
        if (!about || elsewhere.equals("models list")) {
            return "flexgen-chat " + elsewhere;
        }
        String model = words.size() < 2 ? "MODEL" : String.join(" ", words.subList(1, words.size()));
        return "flexgen-chat " + elsewhere + " " + model;
    }
}
