package dev.flexgen.hub;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Optional;

/**
 * An HTTP proxy.
 *
 * @param password that it may want
 */
record ProxyAddress(String host, int port, Optional<ProxyPassword> password) {

    private static final int USUAL_PORT = 80;

    /** {@code http://user:password@host:port}, of which only the host is needed. */
    static ProxyAddress of(URI uri) {
        return new ProxyAddress(
                uri.getHost(),
                uri.getPort() < 0 ? USUAL_PORT : uri.getPort(),
                Optional.ofNullable(uri.getUserInfo()).map(ProxyPassword::of));
    }

    Proxy proxy() {
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(host, port));
    }

    /** Without the password. */
    @Override
    public String toString() {
        return host + ":" + port;
    }
}
