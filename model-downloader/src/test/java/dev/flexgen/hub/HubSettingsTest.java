package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubSettingsTest {

    @TempDir
    Path home = Path.of("");

    private HubSettings settings(Map<String, String> variables) {
        return HubSettings.of(new Environment(variables, home, home));
    }

    private String proxy(Map<String, String> variables, String uri) {
        return settings(variables)
                .proxies()
                .select(URI.create(uri))
                .map(ProxyAddress::toString)
                .orElse("");
    }

    @Test
    void thePublicHubUnlessToldOtherwise() {
        assertThat(settings(Map.of()).endpoint()).isEqualTo(URI.create("https://huggingface.co"));
        assertThat(settings(Map.of("HF_ENDPOINT", "http://mirror:8080/hf/")).endpoint())
                .isEqualTo(URI.create("http://mirror:8080/hf"));
        assertThat(settings(Map.of()).offline()).isFalse();
        assertThat(settings(Map.of("TRANSFORMERS_OFFLINE", "True")).offline()).isTrue();
        assertThat(settings(Map.of("HF_HUB_OFFLINE", "0")).offline()).isFalse();
    }

    @Test
    void theTokenComesFromTheEnvironmentOrAFile() throws IOException {
        Path folder = Files.createDirectories(home.resolve(".cache/huggingface"));
        Files.writeString(folder.resolve("token"), "hf_saved\n");
        Path other = Files.writeString(home.resolve("other"), "hf_other");

        assertThat(settings(Map.of()).token()).isEqualTo("hf_saved");
        assertThat(settings(Map.of("HF_TOKEN_PATH", other.toString())).token()).isEqualTo("hf_other");
        assertThat(settings(Map.of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")).token())
                .isEmpty();
        assertThat(settings(Map.of("HUGGING_FACE_HUB_TOKEN", "hf_old")).token()).isEqualTo("hf_old");
        assertThat(settings(Map.of("HF_TOKEN", " hf_new\n")).toString())
                .contains("with a token")
                .doesNotContain("hf_new");
    }

    @Test
    void aTokenThatCannotBeOneIsNotSent() {
        assertThatThrownBy(() -> settings(Map.of("HF_TOKEN", "a b")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("check HF_TOKEN");
    }

    @Test
    void aPasswordInTheEndpointIsSentAndNeverShown() {
        HubSettings settings = settings(Map.of("HF_ENDPOINT", "https://me:s%20cret@mirror:8080/hf/"));

        assertThat(settings.endpoint()).isEqualTo(URI.create("https://mirror:8080/hf"));
        assertThat(settings.authorization()).isEqualTo("Basic bWU6cyBjcmV0");
        assertThat(settings.toString()).doesNotContain("cret");
        assertThat(settings(Map.of("HF_ENDPOINT", "https://me:secret@mirror", "HF_TOKEN", "hf_x"))
                        .authorization())
                .isEqualTo("Bearer hf_x");
        for (String wrong : List.of("ftp://me:secret@mirror", "https://me:sec ret@mirror", "https://me:s@ecret@[x")) {
            assertThatThrownBy(() -> settings(Map.of("HF_ENDPOINT", wrong)))
                    .isInstanceOf(HubException.class)
                    .hasMessageContaining("HF_ENDPOINT is")
                    .hasMessageNotContaining("ecret")
                    .hasMessageNotContaining("sec ret")
                    .hasNoCause();
        }
    }

    @Test
    void proxiesFollowTheUsualVariables() {
        Map<String, String> variables = Map.of(
                "HTTPS_PROXY", "http://secure:3128", "http_proxy", "plain:81", "no_proxy", "localhost, .example.org");

        assertThat(proxy(variables, "https://huggingface.co/x")).isEqualTo("secure:3128");
        assertThat(proxy(variables, "http://huggingface.co/x")).isEqualTo("plain:81");
        assertThat(proxy(variables, "https://localhost/x")).isEmpty();
        assertThat(proxy(variables, "https://cdn.example.org/x")).isEmpty();
        assertThat(proxy(variables, "https://notexample.org/x")).contains("secure");
        assertThat(proxy(Map.of("https_proxy", "http://p:1", "no_proxy", "*"), "https://huggingface.co"))
                .isEmpty();
    }

    @Test
    void aProxyThatIsNoneIsAnErrorWithoutItsPassword() {
        assertThatThrownBy(() -> settings(Map.of("https_proxy", "socks5://me:secret@host:1")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("https_proxy is \"socks5://...@host:1\", which is no HTTP proxy")
                .hasMessageNotContaining("secret");
        assertThatThrownBy(() -> settings(Map.of("https_proxy", "me:sec ret@host:1")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("https_proxy is \"...@host:1\", which is no HTTP proxy")
                .hasNoCause();
    }
}
