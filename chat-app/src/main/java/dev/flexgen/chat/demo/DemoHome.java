package dev.flexgen.chat.demo;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Environment;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A home folder for one demo, so that it neither sees nor changes the user's settings, sessions and history. Only what can be made
 * again is shared: the program's cache, and the models that are here, of which nothing is downloaded. Closing deletes it,
 * and the end of the process tries to.
 */
final class DemoHome implements AutoCloseable {

    /** What the program may know of the user's environment. */
    private static final List<String> KEPT = List.of(
            "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "NO_COLOR", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH");

    private static final String PREFIX = "flexgen-chat-demo";

    private static final int ATTEMPTS = 20;
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Path folder;
    private final Environment environment;

    private DemoHome(Path folder, Environment environment) {
        this.folder = folder;
        this.environment = environment;
        try {
            // It stays when this is closed: a program that would not end may make its folders again.
            Runtime.getRuntime().addShutdownHook(new Thread(this::close, "demo-home"));
        } catch (IllegalStateException ending) {
            close();
        }
    }

    /**
     * Makes one.
     *
     * @param users the user's environment
     * @param models where the user's models are
     * @param settings of the tape, by name
     */
    static DemoHome create(Environment users, Path models, Map<String, String> settings) {
        try {
            Optional<Path> temporary = users.variable("TMPDIR").map(users::path).filter(Files::isDirectory);
            Path folder = temporary.isPresent() // for the user alone, either way
                    ? Files.createTempDirectory(temporary.get(), PREFIX)
                    : Files.createTempDirectory(PREFIX);
            Map<String, String> variables = new HashMap<>();
            KEPT.forEach(name -> users.variable(name).ifPresent(value -> variables.put(name, value)));
            variables.put("HOME", folder.toString());
            for (String place : List.of("CONFIG", "DATA", "STATE")) {
                variables.put("XDG_" + place + "_HOME", folder.resolve(place).toString());
            }
            Path cache = AppDirs.of(users).cache().getParent();
            variables.put("XDG_CACHE_HOME", Objects.requireNonNull(cache).toString());
            variables.put("HF_HUB_CACHE", models.toString());
            variables.put("HF_HUB_OFFLINE", "1");
            variables.put("TERM", DemoConsole.TYPE);
            variables.put("EDITOR", "true"); // one that changes nothing and needs no terminal
            variables.put(SettingTable.MODEL.environmentVariable(), "demo");
            settings.forEach((name, value) -> variables.put(variable(name), value));
            return new DemoHome(folder, new Environment(variables, folder, folder));
        } catch (IOException e) {
            throw CommandException.failure("a demo needs a folder for its files, and none can be made: "
                    + e.getMessage() + "; make room, or set TMPDIR to a folder of your own");
        }
    }

    private static String variable(String name) {
        return SettingTable.find(name).map(Setting::environmentVariable).orElseThrow();
    }

    /** The environment of the demo's programs. */
    Environment environment() {
        return environment;
    }

    /** Deletes the folder, also while a program that was told to end still writes its last files there. */
    @Override
    public void close() {
        for (int attempt = 0; attempt < ATTEMPTS && !deleted(); attempt++) {
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Whether nothing is left. */
    private boolean deleted() {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
            return true;
        } catch (NoSuchFileException gone) {
            return Files.notExists(folder);
        } catch (IOException | UncheckedIOException changed) {
            return false;
        }
    }
}
