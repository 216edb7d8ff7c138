package dev.flexgen.hub;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The head of what a server answered.
 *
 * @param uri that was asked
 * @param headers by name, in any case of letters
 */
record HubAnswer(URI uri, int status, Map<String, List<String>> headers) {

    /** The first one of a name. */
    Optional<String> header(String name) {
        return all(name).stream().findFirst();
    }

    List<String> all(String name) {
        return headers.getOrDefault(name, List.of());
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }

    /** Whether the body is compressed, in the one way that every server knows and {@link Exchange} undoes. */
    boolean isCompressed() {
        return encoding().equals("gzip") || encoding().equals("x-gzip");
    }

    /** Whether the body can be read. */
    boolean isReadable() {
        return isCompressed() || encoding().isEmpty() || encoding().equals("identity");
    }

    /** How the body is compressed, though it was asked not to be; empty if it is not. */
    String encoding() {
        return header("Content-Encoding").orElse("").strip().toLowerCase(Locale.ROOT);
    }

    /** Where a redirect leads; nothing if it is none, or leads nowhere. */
    Optional<URI> redirect() {
        try {
            return status / 100 == 3 ? header("Location").map(uri::resolve) : Optional.empty();
        } catch (IllegalArgumentException noAddress) {
            return Optional.empty();
        }
    }
}
