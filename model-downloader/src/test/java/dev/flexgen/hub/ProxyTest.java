package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyTest {

    @TempDir
    Path root = Path.of("");

    private static void behind(FakeProxy proxy, PullWorld world, String user, String endpoint) {
        world.with("HF_ENDPOINT", endpoint).with("all_proxy", "http://" + user + "127.0.0.1:" + proxy.port());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "me:a%40b"})
    void everythingGoesThroughTheProxyWithItsPassword(String user) throws IOException {
        try (PullWorld world = new PullWorld(root);
                FakeProxy proxy = new FakeProxy(world.fake.endpoint(), user.replace("%40", "@"))) {
            world.model();
            behind(proxy, world, user.isEmpty() ? "" : user + "@", "http://hub.example.org");

            assertThat(world.pull().resolve(PullWorld.WEIGHTS)).isRegularFile();

            assertThat(proxy.requests())
                    .contains("GET http://hub.example.org/api/models/facebook/opt-125m/revision/main HTTP/1.1")
                    .anyMatch(request -> request.startsWith("GET http://127.0.0.1:")); // the link to the weights
        }
    }

    @Test
    void whereNoProxyIsWantedThereIsNone() throws IOException {
        try (PullWorld world = new PullWorld(root);
                FakeProxy proxy = new FakeProxy(world.fake.endpoint(), "")) {
            world.model();
            behind(proxy, world, "", world.fake.endpoint().toString());
            world.with("no_proxy", "127.0.0.1");

            world.pull();

            assertThat(proxy.requests()).isEmpty();
        }
    }

    @Test
    void aProxyThatRefusesIsNamed() throws IOException {
        try (PullWorld world = new PullWorld(root);
                FakeProxy proxy = new FakeProxy(world.fake.endpoint(), "me:secret")) {
            behind(proxy, world, "me:secret@", "https://hub.example.org");

            assertThatThrownBy(world::pull)
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining(
                            "hub.example.org through the proxy 127.0.0.1:" + proxy.port() + ": Unable to tunnel")
                    .hasMessageContaining("403")
                    .hasMessageNotContaining("secret");

            assertThat(proxy.requests()).contains("CONNECT hub.example.org:443 HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "me:wrong@"})
    void aProxyThatWantsAnotherPasswordSaysSo(String user) throws IOException {
        try (PullWorld world = new PullWorld(root);
                FakeProxy proxy = new FakeProxy(world.fake.endpoint(), "me:secret")) {
            behind(proxy, world, user, "http://hub.example.org");

            assertThatThrownBy(world::pull)
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining(
                            "The proxy does not let facebook/opt-125m be asked for without the right password");

            assertThat(proxy.requests()).hasSizeLessThan(3);
        }
    }

    @Test
    void aProxyThatIsNotThereIsNamed() throws IOException {
        try (PullWorld world = new PullWorld(root)) {
            world.with("HF_ENDPOINT", "http://hub.example.org").with("http_proxy", "http://127.0.0.1:1");

            assertThatThrownBy(world::pull)
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("hub.example.org through the proxy 127.0.0.1:1 cannot be reached");
        }
    }
}
