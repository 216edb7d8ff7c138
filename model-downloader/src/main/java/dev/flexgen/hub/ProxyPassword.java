package dev.flexgen.hub;

import java.net.Authenticator;
import java.net.PasswordAuthentication;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The password of a proxy. Requests by http carry it as a header. For https the JDK asks for it when the proxy wants it before it opens
 * a tunnel; that it does not also give it to a server behind the tunnel who asks like a proxy is {@link HubHttp}'s care. Safe for
 * threads; connections are reused only between requests with the same one.
 */
final class ProxyPassword extends Authenticator {

    private final String user;
    private final String password;

    /** A second question in one thread, so in one request, means that the answer was wrong. */
    private final ThreadLocal<Boolean> answered = ThreadLocal.withInitial(() -> false);

    private ProxyPassword(String user, String password) {
        this.user = user;
        this.password = password;
    }

    /** {@code user:password}. */
    static ProxyPassword of(String text) {
        int colon = text.indexOf(':');
        return new ProxyPassword(
                colon < 0 ? text : text.substring(0, colon), colon < 0 ? "" : text.substring(colon + 1));
    }

    /** The value of {@code Proxy-Authorization}. */
    String header() {
        byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both);
    }

    @Override
    protected @Nullable PasswordAuthentication getPasswordAuthentication() {
        if (getRequestorType() != RequestorType.PROXY || answered.get()) {
            return null;
        }
        answered.set(true);
        return new PasswordAuthentication(user, password.toCharArray());
    }
}
