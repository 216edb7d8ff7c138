package dev.flexgen.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The program's own directories after the XDG base directory specification. Nothing is created here.
 *
 * @param config the settings file
 * @param data what the user would miss
 * @param state what a later run may use: history, logs
 * @param cache what can be made again
 */
public record AppDirs(Path config, Path data, Path state, Path cache) {

    private static final String NAME = "flexgen-chat";

    public static AppDirs of(Environment environment) {
        return new AppDirs(
                directory(environment, "XDG_CONFIG_HOME", ".config"),
                directory(environment, "XDG_DATA_HOME", ".local/share"),
                directory(environment, "XDG_STATE_HOME", ".local/state"),
                directory(environment, "XDG_CACHE_HOME", ".cache"));
    }

    /** The settings file, whether it exists or not. */
    public Path configFile() {
        return config.resolve("config.json");
    }

    private static Path directory(Environment environment, String variable, String belowHome) {
        return environment
                .variable(variable)
                .flatMap(AppDirs::absolute)
                .orElse(environment.home().resolve(belowHome))
                .resolve(NAME);
    }

    /** The specification: a relative path in one of these variables is invalid and to be ignored. */
    private static Optional<Path> absolute(String value) {
        try {
            return Optional.of(Path.of(value)).filter(Path::isAbsolute);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
