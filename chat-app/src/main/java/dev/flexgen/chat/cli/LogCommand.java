package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.sessions.SavedSession;
import dev.flexgen.chat.sessions.SavedSession.Dated;
import dev.flexgen.chat.sessions.SessionList;
import dev.flexgen.chat.sessions.SessionStore;
import dev.flexgen.config.Setting;
import dev.flexgen.config.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code log}: lists saved sessions, shows one, or searches in all. */
@Command(
        name = "log",
        description = {
            "Lists the saved sessions, the one that changed last first; with a name, prints that session.",
            "With -q, prints the turns that have all of the words in them, in any letter case."
        })
final class LogCommand implements AppCommand {

    @Parameters(arity = "0..1", paramLabel = "SESSION", description = "The name of a session")
    @Nullable
    String session;

    @Option(names = "-q", paramLabel = "WORDS", description = "Words to look for, such as \"capital france\"")
    @Nullable
    String query;

    @Option(names = "--json", description = "Print one JSON object a session, or with -q or a name one a turn")
    boolean json;

    private final Wiring wiring;

    LogCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of();
    }

    /** What was said can be read whatever the settings are. */
    @Override
    public ExitCode start(Supplier<Settings> settings) {
        SessionStore store = wiring.sessions();
        List<String> names = session == null ? store.names() : List.of(session);
        if (query == null && session == null) {
            return list(store, names);
        }
        List<String> words = words();
        boolean found = false;
        boolean failed = false;
        for (String name : names) {
            Optional<SavedSession> read = read(store, name);
            failed |= read.isEmpty();
            found |= read.isPresent() && print(read.get(), words);
        }
        if (!found && query != null) {
            wiring.streams().note("no turn has " + String.join(" and ", words));
        }
        return failed || (!found && query != null) ? ExitCode.FAILURE : ExitCode.OK;
    }

    @Override
    public ExitCode run(Settings settings) {
        return start(() -> settings);
    }

    private List<String> words() {
        if (query == null) {
            return List.of();
        }
        List<String> words = Arrays.stream(query.toLowerCase(Locale.ROOT).split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
        if (words.isEmpty()) {
            throw CommandException.usage("-q needs words to look for, such as: flexgen-chat log -q \"capital france\"");
        }
        return words;
    }

    private ExitCode list(SessionStore store, List<String> names) {
        if (!json) {
            wiring.streams().print(SessionList.of(names, store::read));
            return ExitCode.OK;
        }
        boolean failed = false;
        for (String name : names) {
            Optional<SavedSession> read = read(store, name);
            failed |= read.isEmpty();
            read.ifPresent(it -> wiring.streams()
                    .printLine(JsonLine.of(line -> line.put("session", name)
                            .put("updated", it.updated().toString())
                            .put("model", it.model())
                            .put("turns", it.exchanges().size())
                            .put("title", it.title()))));
        }
        return failed ? ExitCode.FAILURE : ExitCode.OK;
    }

    /** One that cannot be read must not hide the others. */
    private Optional<SavedSession> read(SessionStore store, String name) {
        try {
            return Optional.of(store.read(name));
        } catch (CommandException e) {
            if (session != null) {
                throw e;
            }
            wiring.streams().note(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Whether any turn has all of the words. */
    private boolean print(SavedSession read, List<String> words) {
        Streams streams = wiring.streams();
        boolean any = false;
        for (int turn = 0; turn < read.exchanges().size(); turn++) {
            Dated dated = read.exchanges().get(turn);
            String message = dated.exchange().message();
            String reply = dated.exchange().reply();
            String text = (message + "\n" + reply).toLowerCase(Locale.ROOT);
            if (!words.stream().allMatch(text::contains)) {
                continue;
            }
            int number = turn + 1;
            streams.print(
                    json
                            ? JsonLine.of(line -> line.put("session", read.name())
                                            .put("turn", number)
                                            .put("at", dated.at())
                                            .put("message", message)
                                            .put("reply", reply)
                                            .put(
                                                    "end",
                                                    dated.exchange()
                                                            .end()
                                                            .name()
                                                            .toLowerCase(Locale.ROOT)))
                                    + "\n"
                            : streams.reply((any ? "\n" : "") + read.name() + ", turn " + number + ", " + dated.at()
                                    + "\n> " + message.replace("\n", "\n  ") + "\n" + reply + "\n"));
            any = true;
        }
        return any;
    }
}
