package dev.flexgen.chat;

import dev.flexgen.config.Environment;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Runs the program inside the test's own process, in a home directory that belongs to the test. */
final class Session {

    private final Map<String, String> variables = new HashMap<>();
    private final Path home;
    private String input = "";

    /** What one run left behind. */
    record Outcome(ExitCode exitCode, String out, String err) {}

    Session(Path home) {
        this.home = home;
        // The store of whoever runs the tests must not matter.
        variables.put("HF_HUB_CACHE", home.resolve("hub").toString());
    }

    Session with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    Session typing(String text) {
        input = text;
        return this;
    }

    Outcome run(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var streams = new Streams(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                print(out),
                print(err),
                () -> false,
                () -> false);
        ExitCode code = run(streams, arguments);
        return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    ExitCode run(Streams streams, String... arguments) {
        var environment = new Environment(variables, home, home);
        return new Main(new Wiring(environment, streams, new Interruption())).run(arguments);
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
