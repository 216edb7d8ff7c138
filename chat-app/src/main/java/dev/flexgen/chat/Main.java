package dev.flexgen.chat;

import dev.flexgen.chat.cli.Commands;
import dev.flexgen.config.Environment;

/** Where the process begins and ends: arguments in, exit code out. */
public final class Main {

    private final Wiring wiring;

    Main(Wiring wiring) {
        this.wiring = wiring;
    }

    public static void main(String[] args) {
        var interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(interruption::stop, "interruption"));
        var wiring = new Wiring(Environment.current(), Streams.ofProcess(), interruption);
        ExitCode code = new Main(wiring).run(args);
        interruption.finished();
        System.exit(code.code());
    }

    /** Runs one command to its end; whatever goes wrong becomes a line on standard error and the exit code. */
    ExitCode run(String... args) {
        ExitCode code = new Commands(wiring, new Failures(wiring.streams().err())).run(args);
        return wiring.interruption().stopped() ? ExitCode.INTERRUPTED : code;
    }
}
