package dev.flexgen.hub;

import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy.
 *
 * @param credentials that it may ask for
 */
record ProxyAddress(String host, int port, Optional<PasswordAuthentication> credentials) {

    private static final int USUAL_PORT = 80;

    /** {@code http://user:password@host:port}, of which only the host is needed. */
    static ProxyAddress of(URI uri) {
        return new ProxyAddress(
                uri.getHost(),
                uri.getPort() < 0 ? USUAL_PORT : uri.getPort(),
                Optional.ofNullable(uri.getUserInfo()).map(ProxyAddress::credentials));
    }

    private static PasswordAuthentication credentials(String text) {
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        String password = colon < 0 ? "" : text.substring(colon + 1);
        return new PasswordAuthentication(user, password.toCharArray());
    }

    Proxy proxy() {
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    }

    /** Answers the proxy's question once, since another one means that the answer was wrong, and nobody else's. */
    Authenticator authenticator() {
        return new Authenticator() {
            private boolean answered;

            @Override
            protected @Nullable PasswordAuthentication getPasswordAuthentication() {
                boolean repeated = answered;
                answered = true;
                return getRequestorType() == RequestorType.PROXY && !repeated ? credentials.orElse(null) : null;
            }
        };
    }

    /** Without the password. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
