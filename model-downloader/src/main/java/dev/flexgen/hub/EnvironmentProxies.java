package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import dev.flexgen.config.Quoted;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The proxies that {@code https_proxy}, {@code http_proxy}, {@code all_proxy} and {@code no_proxy} name, in either case, and the
 * passwords that they want.
 */
public final class EnvironmentProxies {

    private final Optional<ProxyAddress> http;
    private final Optional<ProxyAddress> https;
    private final List<String> exceptions;

    private EnvironmentProxies(Optional<ProxyAddress> http, Optional<ProxyAddress> https, List<String> exceptions) {
        this.http = http;
        this.https = https;
        this.exceptions = exceptions;
    }

    /**
     * Reads the variables.
     *
     * @throws HubException if one names no host
     */
    static EnvironmentProxies of(Environment environment) {
        String exceptions = variable(environment, "no_proxy").orElse("").toLowerCase(Locale.ROOT);
        return new EnvironmentProxies(
                proxy(environment, "http_proxy"),
                proxy(environment, "https_proxy"),
                List.of(exceptions.strip().split("[\\s,]+")));
    }

    private static Optional<String> variable(Environment environment, String name) {
        return environment.variable(name).or(() -> environment.variable(name.toUpperCase(Locale.ROOT)));
    }

    private static Optional<ProxyAddress> proxy(Environment environment, String name) {
        Optional<String> value = variable(environment, name).or(() -> variable(environment, "all_proxy"));
        if (value.isEmpty()) {
            return Optional.empty();
        }
        String text = value.get().strip();
        try {
            URI uri = URI.create(text.contains("://") ? text : "http://" + text);
            if (uri.getHost() != null && "http".equalsIgnoreCase(uri.getScheme())) {
                return Optional.of(ProxyAddress.of(uri));
            }
        } catch (IllegalArgumentException noAddress) {
            // Said below, without the reason: it quotes the password.
        }
        throw new HubException(notAProxy(name, text));
    }

    private static String notAProxy(String name, String text) {
        // What stands before an @ is a password.
        return name + " is " + Quoted.of(text.replaceAll("^(.*//)?.*@", "$1...@"))
                + ", which is no HTTP proxy: write for example http://proxy.example.org:3128.";
    }

    /** The way to an address; nothing if it is to be reached directly. */
    Optional<ProxyAddress> select(URI uri) {
        String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
        if (exceptions.stream().anyMatch(exception -> matches(host, uri.getPort(), exception))) {
            return Optional.empty();
        }
        return "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
    }

    /** As curl does: a name stands for itself and everything below it. */
    private static boolean matches(String host, int port, String exception) {
        if (exception.isEmpty()) {
            return false;
        }
        String name = exception.replaceFirst("^\\*?\\.", "");
        return exception.equals("*")
                || host.equals(name)
                || host.endsWith("." + name)
                || name.equals(host + ":" + port);
    }
}
