package dev.flexgen.hub;

import dev.flexgen.config.PlainText;
import dev.flexgen.hub.HubException.Kind;
import java.time.Duration;

/** What an answer that is no success means. The hub's error code says most, then its message, then the status. */
final class Refusals {

    private final HubSettings settings;

    Refusals(HubSettings settings) {
        this.settings = settings;
    }

    /**
     * An exception for the user.
     *
     * @throws TransientException if asking again may help
     */
    HubException of(HubRef ref, HubAnswer answer) throws TransientException {
        int status = answer.status();
        if (status == 429) {
            throw new TransientException(
                    "the hub limits how often it may be asked",
                    RateLimit.delay(answer).orElse(Duration.ofSeconds(10)));
        }
        String message = PlainText.excerpt(answer.header("X-Error-Message").orElse(""));
        if (status == 408 || status >= 500) {
            throw new TransientException(
                    "the hub answers with status " + status + (message.isEmpty() ? "" : ", " + message),
                    (Throwable) null);
        }
        String code = answer.header("X-Error-Code").orElse("");
        return switch (code) {
            case "GatedRepo" -> gated(ref);
            case "RevisionNotFound" -> noRevision(ref);
            case "RepoNotFound" -> notFound(ref);
            case "EntryNotFound" ->
                new HubException(
                        Kind.SERVER, "The hub lists a file of " + ref + " that it does not have: try again later.");
            default -> byMessage(ref, status, message);
        };
    }

    private HubException byMessage(HubRef ref, int status, String message) {
        if (message.contains("Invalid credentials")) {
            return unauthorized("does not know the access token");
        }
        if (message.startsWith("Access to this resource is disabled")) {
            return new HubException(Kind.NOT_FOUND, ref.id() + " has been disabled on the hub: choose another model.");
        }
        return switch (status) {
            case 401 -> settings.token().isEmpty() ? notFound(ref) : unauthorized("refuses the access token");
            case 403 ->
                settings.token().isEmpty()
                        ? gated(ref)
                        : unauthorized("does not let the access token read " + ref.id());
            case 404 -> notFound(ref);
            case 407 ->
                new HubException(
                        Kind.NETWORK,
                        "The proxy does not let " + ref + " be asked for without the right password: write"
                                + " https_proxy=http://user:password@host:port, or http_proxy for a hub by http.");
            default ->
                new HubException(
                        Kind.SERVER,
                        settings.endpoint() + " answers with status " + status + " about " + ref
                                + (message.isEmpty() ? "" : " (" + message + ")")
                                + ": check HF_ENDPOINT, or try again later.");
        };
    }

    private HubException gated(HubRef ref) {
        String page = settings.endpoint() + "/" + ref.id();
        return new HubException(
                Kind.GATED,
                settings.token().isEmpty()
                        ? ref.id() + " is gated: accept its terms on " + page
                                + ", then set HF_TOKEN to an access token of that account."
                        : ref.id()
                                + " is gated, and the account of the access token has not been let in: accept its terms on "
                                + page + ".");
    }

    private static HubException noRevision(HubRef ref) {
        return new HubException(
                Kind.NO_REVISION,
                ref.id() + " has no revision " + ref.revision()
                        + " on the hub: name a branch, a tag or a commit that it has.");
    }

    private HubException notFound(HubRef ref) {
        return new HubException(
                Kind.NOT_FOUND,
                "There is no model " + ref.id() + " on " + settings.endpoint() + ", or it is private: check its name"
                        + (settings.token().isEmpty() ? ", or set HF_TOKEN if it is yours." : "."));
    }

    private HubException unauthorized(String what) {
        return new HubException(
                Kind.UNAUTHORIZED,
                settings.endpoint() + " " + what + ": check HF_TOKEN, or the token file of hf auth login.");
    }
}
