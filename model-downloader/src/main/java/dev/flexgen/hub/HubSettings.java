package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import dev.flexgen.config.Quoted;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the hub, out of the variables that Hugging Face's own tools read.
 *
 * @param endpoint without a slash at the end
 * @param token sent to the endpoint and nowhere else; empty for none
 * @param offline whether any request is forbidden
 * @param symlinks whether the store may use symbolic links
 */
public record HubSettings(URI endpoint, String token, boolean offline, boolean symlinks, EnvironmentProxies proxies) {

    private static final String PUBLIC_HUB = "https://huggingface.co";
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    /**
     * Reads {@code HF_ENDPOINT}, {@code HF_TOKEN}, the token file, {@code HF_HUB_OFFLINE}, {@code https_proxy} and the like.
     *
     * @throws HubException if one of them makes no sense
     */
    public static HubSettings of(Environment environment) {
        return new HubSettings(
                endpoint(environment),
                token(environment),
                isOn(environment, "HF_HUB_OFFLINE") || isOn(environment, "TRANSFORMERS_OFFLINE"),
                !isOn(environment, "HF_HUB_DISABLE_SYMLINKS"),
                EnvironmentProxies.of(environment));
    }

    private static URI endpoint(Environment environment) {
        String text =
                environment.variable("HF_ENDPOINT").orElse(PUBLIC_HUB).strip().replaceAll("/+$", "");
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null && Set.of("http", "https").contains(String.valueOf(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw badEndpoint(text, e);
        }
        throw badEndpoint(text, null);
    }

    private static HubException badEndpoint(String text, @Nullable Throwable cause) {
        String message = "HF_ENDPOINT is " + Quoted.of(text) + ", which is no address of a hub: write for example "
                + PUBLIC_HUB + ".";
        return cause == null ? new HubException(message) : new HubException(message, cause);
    }

    private static String token(Environment environment) {
        String given = environment
                .variable("HF_TOKEN")
                .or(() -> environment.variable("HUGGING_FACE_HUB_TOKEN"))
                .orElse("");
        String token = given.isBlank() && !isOn(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")
                ? savedToken(environment)
                : given;
        String stripped = token.replaceAll("[\\r\\n]", "").strip();
        if (!stripped.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new HubException("The Hugging Face token holds characters that no token has: check HF_TOKEN or the"
                    + " token file.");
        }
        return stripped;
    }

    private static String savedToken(Environment environment) {
        Path file = environment
                .variable("HF_TOKEN_PATH")
                .map(environment::expandedPath)
                .orElseGet(() -> HubCache.home(environment).resolve("token"));
        try {
            return Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new HubException(file + ", the Hugging Face token, cannot be read: check its permissions.", e);
        }
    }

    private static boolean isOn(Environment environment, String name) {
        return environment
                .variable(name)
                .map(value -> TRUE.contains(value.strip().toUpperCase(Locale.ROOT)))
                .orElse(false);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubSettings[" + endpoint + (token.isEmpty() ? "" : ", with a token") + (offline ? ", offline" : "")
                + "]";
    }
}
