package dev.flexgen.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the process was started with, passed in so that tests can make their own.
 *
 * @param variables environment variables
 * @param home the user's home directory, absolute
 * @param workingDirectory where relative paths start, absolute
 */
public record Environment(Map<String, String> variables, Path home, Path workingDirectory) {

    private static final Pattern REFERENCE = Pattern.compile("\\$(?:(\\w+)|\\{([^}]*)\\})");

    public Environment {
        variables = Map.copyOf(variables);
    }

    /** The real one. An absolute {@code HOME} wins over the account's home directory, as in a shell. */
    public static Environment current() {
        Map<String, String> variables = System.getenv();
        String home = variables.getOrDefault("HOME", "");
        Path homePath = Path.of(home.startsWith("/") ? home : System.getProperty("user.home", "/"));
        return new Environment(variables, homePath, Path.of("").toAbsolutePath());
    }

    /** The value of an environment variable; one that is set to nothing counts as not set. */
    public Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
    }

    /** {@code text} as an absolute path: a leading {@code ~} is the home directory, relative paths start in the working directory. */
    public Path path(String text) {
        return absolute(homeExpanded(text));
    }

    /** As {@link #path}, after replacing {@code $NAME} and <code>${NAME}</code>; unknown names are left as they stand. */
    public Path expandedPath(String text) {
        // The home directory first: a "~" out of a variable is an ordinary character, as it is to Python's os.path.
        Matcher matcher = REFERENCE.matcher(homeExpanded(text));
        return absolute(matcher.replaceAll(found -> {
            String name = found.group(1) == null ? found.group(2) : found.group(1);
            return Matcher.quoteReplacement(variables.getOrDefault(name, found.group()));
        }));
    }

    private String homeExpanded(String text) {
        return text.equals("~") || text.startsWith("~/") ? home + text.substring(1) : text;
    }

    private Path absolute(String text) {
        try {
            return workingDirectory.resolve(text).normalize();
        } catch (InvalidPathException e) {
            throw new ConfigException(Quoted.of(text) + " is not a path: " + e.getReason() + ".", e);
        }
    }
}
