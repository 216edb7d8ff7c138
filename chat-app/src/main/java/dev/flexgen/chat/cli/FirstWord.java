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
            Map.entry("config", "setup"),
            Map.entry("quit", ""),
            Map.entry("exit", ""));

    private final Collection<String> commands;
    private final Supplier<Catalogue> catalogue;

    FirstWord(Collection<String> commands, Supplier<Catalogue> catalogue) {
        this.commands = commands;
        this.catalogue = catalogue;
    }

    /**
     * The words as the commands know them: {@code help} and {@code version} are options there.
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
        throw CommandException.usage("unknown command '" + PlainText.excerpt(first) + "'" + meant(words));
    }

    private String meant(List<String> words) {
        String first = words.getFirst();
        String elsewhere = ELSEWHERE.get(first);
        if (elsewhere != null) {
            return "; here it is: " + command(elsewhere, words);
        }
        if (first.chars().anyMatch(Character::isWhitespace)) {
            return "; a question is asked in the chat, or through a pipe: echo ... | flexgen-chat";
        }
        if (BundledModel.named(first).isPresent() || catalogue.get().find(first).isPresent()) {
            return "; to talk with that model: flexgen-chat -m " + first;
        }
        return NearestName.of(first, commands)
                .or(() -> NearestName.of(first, List.of("help", "version")))
                .or(() -> NearestName.of(first, ELSEWHERE.keySet())
                        .map(ELSEWHERE::get)
                        .filter(near -> !near.isEmpty() && !near.startsWith("-")))
                .map(near -> "; did you mean '" + near + "'?")
                .orElse("; 'flexgen-chat help' lists what there is");
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
