package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Host;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.demo.DemoConsole;
import dev.flexgen.chat.demo.DemoRun;
import dev.flexgen.chat.demo.DemoShelf;
import dev.flexgen.chat.demo.Tape;
import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.config.Environment;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Setting;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code demo}: plays scripted sessions, typed into this same program. */
@Command(
        name = "demo",
        description = {
            "Plays a scripted session at typing speed, with the demo model, and touches none of your settings and sessions.",
            "Without a name: the first of the list, or with --check all of them. Ctrl-C ends it.",
            "A FILE is a tape as VHS reads it (Type, Sleep, Wait, Set Width, Height or TypingSpeed, Hide, Show, Ctrl+C and other"
                    + " keys), with directives in comments: #@ title, set, size, pace, expect."
        })
final class DemoCommand implements AppCommand {

    @Parameters(arity = "0..1", paramLabel = "NAME|FILE", description = "A name of the list, or a file with a tape")
    @Nullable
    String tape;

    @Option(names = "--list", description = "List the demos, each name first on its line")
    boolean list;

    @Option(
            names = "--record",
            paramLabel = "OUT.cast",
            description = "Record it into a new file, which asciinema plays (asciicast v2)")
    @Nullable
    String record;

    @Option(
            names = "--check",
            description = "Play it unseen and check what is on the screen; exit code 1 if it is not as expected")
    boolean check;

    @Option(names = "--fast", description = "Play it without pauses; a recording has them all the same")
    boolean fast;

    private static final Size LEAST = new Size(20, 5);

    private final Wiring wiring;

    DemoCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        return List.of();
    }

    @Override
    public ExitCode run(Settings settings) {
        if (list) {
            list();
            return ExitCode.OK;
        }
        List<DemoShelf.Demo> demos = chosen();
        var demoRun =
                new DemoRun(wiring.environment(), wiring.hubCache(settings).root(), this::runInside);
        Thread player = Thread.currentThread();
        wiring.interruption().onStop(player::interrupt);
        try {
            return check ? check(demoRun, demos) : show(demoRun, demos.getFirst());
        } catch (InterruptedException stopped) {
            return ExitCode.INTERRUPTED;
        } finally {
            wiring.interruption().nothingToStop();
        }
    }

    private void list() {
        int width = DemoShelf.names().stream().mapToInt(String::length).max().orElse(0);
        for (String name : DemoShelf.names()) {
            String title = demo(name).tape().title();
            wiring.streams().printLine(name + " ".repeat(width + 2 - name.length()) + title);
        }
    }

    private List<DemoShelf.Demo> chosen() {
        if (tape != null) {
            return List.of(demo(tape));
        }
        return check && record == null
                ? DemoShelf.names().stream().map(this::demo).toList()
                : List.of(demo(DemoShelf.names().getFirst()));
    }

    private DemoShelf.Demo demo(String word) {
        return DemoShelf.find(word, wiring.environment().path(word));
    }

    private ExitCode check(DemoRun demoRun, List<DemoShelf.Demo> demos) throws InterruptedException {
        ExitCode code = ExitCode.OK;
        for (DemoShelf.Demo demo : demos) {
            DemoRun.Outcome outcome = demoRun.play(demo.tape(), demo.golden(), wishes(Optional.empty()));
            if (wiring.interruption().stopped()) {
                return ExitCode.INTERRUPTED;
            }
            String result = outcome.fault().isEmpty()
                    ? "ok, " + outcome.checks() + (outcome.checks() == 1 ? " check" : " checks")
                    : "FAILED";
            wiring.streams().printLine(PlainText.line(demo.name()) + "  " + result);
            if (outcome.fault().isPresent()) {
                code = complain(outcome);
            }
        }
        return code;
    }

    private ExitCode show(DemoRun demoRun, DemoShelf.Demo demo) throws InterruptedException {
        Streams streams = wiring.streams();
        boolean watched = streams.terminal().getAsBoolean() && !dumb();
        DemoRun.Outcome outcome;
        if (watched) {
            try (Terminal terminal = SystemTerminal.open(wiring.environment().variables())) {
                outcome = demoRun.play(demo.tape(), demo.golden(), wishes(watcher(terminal, demo.tape())));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        } else {
            outcome = demoRun.play(demo.tape(), demo.golden(), wishes(Optional.empty()));
            if (outcome.fault().isEmpty() && record == null) {
                streams.print(outcome.screen() + "\n");
            }
        }
        if (outcome.fault().isPresent()) {
            return complain(outcome);
        }
        if (watched) {
            streams.note("that was the demo " + demo.name() + "; 'flexgen-chat demo --list' names the others");
        }
        return ExitCode.OK;
    }

    /** The terminal, if there is room on it: a recording has the tape's size, anything else can be smaller. */
    private Optional<Terminal> watcher(Terminal terminal, Tape its) {
        Size size = record == null ? LEAST : its.size();
        if (terminal.getWidth() >= size.getColumns() && terminal.getHeight() >= size.getRows()) {
            return Optional.of(terminal);
        }
        String need = size.getColumns() + " columns and " + size.getRows() + " rows";
        if (record == null) {
            throw CommandException.usage(
                    "this window is too small for a demo, which needs " + need + "; make it larger");
        }
        wiring.streams().note("recorded unseen, since this window does not have " + need);
        return Optional.empty();
    }

    private boolean dumb() {
        return wiring.environment().variables().getOrDefault("TERM", "dumb").startsWith("dumb");
    }

    /** Nobody waits for what nobody sees. */
    private DemoRun.Wishes wishes(Optional<Terminal> watcher) {
        Optional<Path> file = Optional.ofNullable(record).map(wiring.environment()::path);
        return new DemoRun.Wishes(fast || watcher.isEmpty(), check, file, watcher);
    }

    private ExitCode complain(DemoRun.Outcome outcome) {
        ExitCode code =
                new Failures(wiring.streams().err()).report(outcome.fault().orElseThrow(), false);
        wiring.streams()
                .err()
                .print(PlainText.of("The screen was:\n" + outcome.screen().indent(4)));
        return code;
    }

    /** This program once more, with the demo's terminal and home. */
    private void runInside(DemoConsole console, Environment environment, List<String> arguments) {
        var out = console.printer();
        var streams = new Streams(console.lines(), out, out, () -> true, () -> true, () -> true);
        Wiring inside = wiring.inside(environment, streams, new Host(_ -> console.open(), _ -> console.close()));
        console.onInterrupt(inside.interruption()::interrupt);
        try {
            new Commands(inside, new Failures(out)).run(arguments.toArray(String[]::new));
        } finally {
            console.onInterrupt(null);
        }
    }
}
