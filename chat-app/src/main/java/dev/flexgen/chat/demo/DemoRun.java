package dev.flexgen.chat.demo;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.Environment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;

/** Plays tapes: gives each a home, a terminal and a shell of its own, and the audience that is wanted. */
public final class DemoRun {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Environment users;
    private final Path models;
    private final Program program;

    /** The program that tapes are typed into. */
    @FunctionalInterface
    public interface Program {

        /**
         * Runs it to its end.
         *
         * @param console its terminal
         * @param environment what it is started with
         */
        void run(DemoConsole console, Environment environment, List<String> arguments);
    }

    /**
     * How to play.
     *
     * @param fast without pauses
     * @param check whether the tape's expectations count
     * @param record where to record it
     * @param watcher the terminal to show it on
     */
    public record Wishes(boolean fast, boolean check, Optional<Path> record, Optional<Terminal> watcher) {

        /** The tape's size, or the part of it that the watcher can see where nobody else minds. */
        Size size(Tape tape) {
            Size size = tape.size();
            return check || record.isPresent() || watcher.isEmpty()
                    ? size
                    : new Size(
                            Math.min(size.getColumns(), watcher.get().getWidth()),
                            Math.min(size.getRows(), watcher.get().getHeight()));
        }
    }

    /**
     * How it went.
     *
     * @param fault what went wrong, if anything
     * @param screen the text at the end
     * @param checks how many expectations were met
     */
    public record Outcome(Optional<CommandException> fault, String screen, int checks) {}

    /**
     * What all demos share.
     *
     * @param users the user's environment
     * @param models where the user's models are
     */
    public DemoRun(Environment users, Path models, Program program) {
        this.users = users;
        this.models = models;
        this.program = program;
    }

    /**
     * Plays one on the caller's thread, which may be interrupted to end it.
     *
     * @param golden what the screen must look like in the end, when checking
     */
    public Outcome play(Tape tape, Optional<GoldenGrid> golden, Wishes wishes) throws InterruptedException {
        Size size = wishes.size(tape);
        var clock = new DemoClock(wishes.fast());
        try (var home = DemoHome.create(users, models, tape.settings());
                var cast = cast(tape, size, wishes);
                var viewer = viewer(size, wishes)) {
            var screen = new DemoScreen(size, text -> {
                if (cast != null) {
                    cast.output(clock.seconds(), text);
                }
                if (viewer != null) {
                    viewer.accept(text);
                }
            });
            Outcome outcome = play(tape, golden, wishes, screen, clock, home);
            if (cast != null && outcome.fault().isEmpty()) {
                cast.keep();
            }
            return outcome;
        }
    }

    private Outcome play(
            Tape tape, Optional<GoldenGrid> golden, Wishes wishes, DemoScreen screen, DemoClock clock, DemoHome home)
            throws InterruptedException {
        var console = new DemoConsole(screen);
        var shell = new DemoShell(console, arguments -> program.run(console, home.environment(), arguments));
        Thread programs = Thread.ofPlatform().daemon().name("demo").start(shell::run);
        try {
            var player = new DemoPlayer(tape, screen, console, shell, clock, wishes.check());
            Optional<CommandException> fault = Optional.empty();
            int checks = 0;
            try {
                player.play();
                if (wishes.check() && golden.isPresent()) {
                    compare(tape, golden.get(), screen);
                    checks++;
                }
            } catch (CommandException e) {
                fault = Optional.of(e);
            }
            return new Outcome(fault, screen.text(), checks + player.checks());
        } finally {
            console.close();
            programs.join(PATIENCE);
        }
    }

    private static void compare(Tape tape, GoldenGrid golden, DemoScreen screen) throws InterruptedException {
        screen.await(it -> golden.difference(it.text()).isEmpty(), TimeUnit.SECONDS.toNanos(5));
        Optional<String> difference = golden.difference(screen.text());
        if (difference.isPresent()) {
            throw CommandException.failure(tape.source() + ": " + difference.get());
        }
    }

    private static @Nullable CastFile cast(Tape tape, Size size, Wishes wishes) {
        return wishes.record()
                .map(file -> CastFile.create(file, size, tape.title(), Instant.now()))
                .orElse(null);
    }

    private static @Nullable DemoViewer viewer(Size size, Wishes wishes) {
        return wishes.watcher().map(terminal -> new DemoViewer(terminal, size)).orElse(null);
    }
}
