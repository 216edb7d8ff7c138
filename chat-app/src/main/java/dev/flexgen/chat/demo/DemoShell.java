package dev.flexgen.chat.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As much of a shell as a demo needs: shows a prompt, reads a line, and runs the program in this process. Anything else than the
 * program is refused, and so are its commands that change what is not the demo's. Runs on a thread of its own.
 */
final class DemoShell {

    static final String PROMPT = "$ ";

    private static final String PROGRAM = "flexgen-chat";
    private static final Set<String> REFUSED = Set.of("demo", "setup", "pack");
    private static final Set<String> REFUSED_OF_MODELS = Set.of("pull", "rm");
    private static final Pattern WORD =
            Pattern.compile("\\s*(?:\"([^\"]*)\"|'([^']*)'|([^\\s\"'|&;<>$`\\\\]+))(?=\\s|$)");

    private final DemoConsole console;
    private final Consumer<List<String>> program;
    private volatile Optional<String> refusal = Optional.empty();
    private volatile boolean ended;

    /** @param program runs flexgen-chat with arguments until it ends */
    DemoShell(DemoConsole console, Consumer<List<String>> program) {
        this.console = console;
        this.program = program;
    }

    /** Runs lines until there are no more. */
    void run() {
        var lines = new KeyedLines(console::key, console::print);
        try {
            while (refusal.isEmpty()) {
                String line = lines.readLine(PROMPT);
                if (line == null) {
                    return;
                }
                if (!line.isBlank()) {
                    run(line);
                }
            }
        } finally {
            ended = true;
            console.print("");
        }
    }

    private void run(String line) {
        List<String> words = words(line);
        if (words.isEmpty()
                || !(words.getFirst().equals(PROGRAM) || words.getFirst().equals("./" + PROGRAM))) {
            refuse("a demo runs flexgen-chat and nothing else, without redirections; it cannot run: " + line);
            return;
        }
        List<String> arguments = words.subList(1, words.size());
        if (changesMoreThanTheDemo(arguments)) {
            refuse("a demo does not run 'flexgen-chat " + String.join(" ", arguments)
                    + "', which would change what is the user's");
            return;
        }
        program.accept(arguments);
    }

    private static boolean changesMoreThanTheDemo(List<String> arguments) {
        if (arguments.isEmpty()) {
            return false;
        }
        String command = arguments.getFirst();
        return REFUSED.contains(command)
                || (command.equals("models") && arguments.stream().anyMatch(REFUSED_OF_MODELS::contains));
    }

    private void refuse(String sentence) {
        refusal = Optional.of(sentence);
        console.print(sentence + "\n");
    }

    /** Whether it runs nothing any more. */
    boolean hasEnded() {
        return ended;
    }

    /** Why it ended before its time, if it did. */
    Optional<String> refusal() {
        return refusal;
    }

    /** The words of a line; none if it has signs that mean something to a shell. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher matcher = WORD.matcher(line.strip());
        int at = 0;
        while (at < line.strip().length()) {
            if (!matcher.region(at, line.strip().length()).lookingAt()) {
                return List.of();
            }
            for (int group = 1; group <= 3; group++) {
                if (matcher.group(group) != null) {
                    words.add(matcher.group(group));
                }
            }
            at = matcher.end();
        }
        return words;
    }
}
