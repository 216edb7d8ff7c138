package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import dev.flexgen.config.Quoted;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;

/**
 * How to reach the hub, out of the variables that Hugging Face's own tools read.
 *
 * @param endpoint without a slash at the end, and without a password, so that it can be shown
 * @param login a header's value, of the name and password in {@code HF_ENDPOINT}; sent only where there is no token
 * @param token sent to the endpoint and nowhere else; empty for none
 * @param offline whether any request is forbidden
 * @param symlinks whether the store may use symbolic links
 */
public record HubSettings(
        URI endpoint, String login, String token, boolean offline, boolean symlinks, EnvironmentProxies proxies) {

    private static final String PUBLIC_HUB = "https://huggingface.co";
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    /**
     * Reads {@code HF_ENDPOINT}, {@code HF_TOKEN}, the token file, {@code HF_HUB_OFFLINE}, {@code https_proxy} and the like.
     *
     * @throws HubException if one of them makes no sense
     */
    public static HubSettings of(Environment environment) {
        URI endpoint = endpoint(environment);
        return new HubSettings(
                withoutLogin(endpoint),
                login(endpoint),
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
        } catch (IllegalArgumentException noAddress) {
            // Said below, without the reason: it quotes the password.
        }
        throw badEndpoint(text);
    }

    private static URI withoutLogin(URI endpoint) {
        return endpoint.getRawUserInfo() == null
                ? endpoint
                : URI.create(endpoint.toString().replaceFirst("//[^/]*@", "//"));
    }

    private static String login(URI endpoint) {
        String login = endpoint.getUserInfo();
        return login == null
                ? ""
                : "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    }

    private static HubException badEndpoint(String text) {
        // What stands before an @ is a password.
        return new HubException("HF_ENDPOINT is " + Quoted.of(text.replaceAll("^(.*//)?.*@", "$1...@"))
                + ", which is no address of a hub: write for example " + PUBLIC_HUB + ".");
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

    /** What the hub is to be told about who asks; empty for nothing. */
    String authorization() {
        return !token.isEmpty() ? "Bearer " + token : login;
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubSettings[" + endpoint + (token.isEmpty() ? "" : ", with a token") + (offline ? ", offline" : "")
                + "]";
    }
}
