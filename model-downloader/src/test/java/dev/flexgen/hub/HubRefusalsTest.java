package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.ID;
import static dev.flexgen.hub.PullWorld.REF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubRefusalsTest {

    @TempDir
    Path root = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private PullWorld world;

    @BeforeEach
    void open() throws IOException {
        world = new PullWorld(root);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void assertRefused(HubRef ref, Kind kind, String message) {
        try (Hub hub = world.hub()) {
            assertThatThrownBy(() -> hub.plan(ref))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining(message)
                    .extracting(e -> ((HubException) e).kind())
                    .isEqualTo(kind);
        }
    }

    @Test
    void aMissingModel() {
        assertRefused(REF, Kind.NOT_FOUND, "There is no model facebook/opt-125m on http://127.0.0.1");
    }

    @Test
    void aPrivateModelLooksLikeAMissingOneUntilATokenIsGiven() {
        world.model().needsToken("hf_mine");
        assertRefused(REF, Kind.NOT_FOUND, "or set HF_TOKEN if it is yours");

        world.with("HF_TOKEN", "hf_other");
        assertRefused(REF, Kind.NOT_FOUND, "or it is private");

        world.with("HF_TOKEN", "hf_mine");
        try (Hub hub = world.hub()) {
            assertThat(hub.plan(REF).files()).isNotEmpty();
        }
    }

    @Test
    void aWrongToken() {
        world.model();
        world.with("HF_TOKEN", "wrong");
        assertRefused(REF, Kind.UNAUTHORIZED, "does not know the access token: check HF_TOKEN");
    }

    @Test
    void aGatedModel() {
        world.model().gated();
        assertRefused(
                REF, Kind.GATED, "accept its terms on " + world.fake.endpoint() + "/" + ID + ", then set HF_TOKEN");

        world.with("HF_TOKEN", "hf_x");
        assertRefused(REF, Kind.GATED, "the account of the access token has not been let in");
    }

    @Test
    void aMissingRevision() {
        world.model();
        assertRefused(new HubRef(ID, "v9"), Kind.NO_REVISION, "has no revision v9");
    }

    @Test
    void aRepositoryWithoutAModel() {
        world.fake.repository(ID).file("README.md", "a data set");
        assertRefused(REF, Kind.NOT_A_MODEL, "holds no model in a form that can be used here");
    }

    @Test
    void offlineMeansNoRequestAtAll() {
        world.model();
        world.with("HF_HUB_OFFLINE", "yes");

        assertRefused(REF, Kind.OFFLINE, "HF_HUB_OFFLINE");

        assertThat(world.fake.requests()).isEmpty();
    }

    @Test
    void nobodyThere() {
        world.with("HF_ENDPOINT", "http://127.0.0.1:1");
        assertRefused(REF, Kind.NETWORK, "127.0.0.1 cannot be reached");
    }

    @Test
    void anAddressThatIsNone() {
        assertThatThrownBy(() -> world.with("HF_ENDPOINT", "huggingface").hub())
                .isInstanceOf(HubException.class)
                .hasMessageContaining("HF_ENDPOINT is \"huggingface\", which is no address of a hub");
    }
}
