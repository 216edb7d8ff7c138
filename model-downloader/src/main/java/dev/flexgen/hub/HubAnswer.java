package dev.flexgen.hub;

import java.net.URI;
import java.util.List;
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

    /** Where a redirect leads; nothing if it is none, or leads nowhere. */
    Optional<URI> redirect() {
        try {
            return status / 100 == 3 ? header("Location").map(uri::resolve) : Optional.empty();
        } catch (IllegalArgumentException noAddress) {
            return Optional.empty();
        }
    }
}
