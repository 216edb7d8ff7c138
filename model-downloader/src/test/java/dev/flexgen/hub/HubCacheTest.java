package dev.flexgen.hub;

import static dev.flexgen.hub.FakeStore.COMMIT;
import static dev.flexgen.hub.FakeStore.OTHER_COMMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubCacheTest {

    private static final String OPT = "facebook/opt-125m";

    @TempDir
    Path root = Path.of("");

    private FakeStore store = new FakeStore(root);
    private HubCache cache = cache(Map.of());

    @BeforeEach
    void openStore() {
        store = new FakeStore(root);
        cache = cache(Map.of("HF_HUB_CACHE", root.toString()));
    }

    private static HubCache cache(Map<String, String> variables) {
        return new HubCache(new Environment(variables, Path.of("/home/ada"), Path.of("/place")));
    }

    private static void assertRoot(Map<String, String> variables, String root) {
        assertThat(cache(variables).root()).isEqualTo(Path.of(root));
    }

    @Test
    void theRootFollowsTheEnvironmentAsHuggingFaceDoes() {
        assertRoot(Map.of(), "/home/ada/.cache/huggingface/hub");
        assertRoot(Map.of("XDG_CACHE_HOME", "/c"), "/c/huggingface/hub");
        assertRoot(Map.of("XDG_CACHE_HOME", "c"), "/place/c/huggingface/hub");
        assertRoot(Map.of("XDG_CACHE_HOME", "/c", "HF_HOME", "/h"), "/h/hub");
        assertRoot(Map.of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/old"), "/old");
        assertRoot(Map.of("HUGGINGFACE_HUB_CACHE", "/old", "HF_HUB_CACHE", "/new"), "/new");
        assertRoot(Map.of("HF_HUB_CACHE", "", "HF_HOME", ""), "/home/ada/.cache/huggingface/hub");
    }

    @Test
    void theRootMayHoldATildeAndVariables() {
        assertRoot(Map.of("HF_HOME", "~/hf"), "/home/ada/hf/hub");
        assertRoot(Map.of("HF_HUB_CACHE", "$BIG/${SUB}", "BIG", "/big", "SUB", "hub"), "/big/hub");
        assertRoot(Map.of("HUGGINGFACE_HUB_CACHE", "~/$NONE"), "/home/ada/$NONE");
        assertRoot(Map.of("HF_HUB_CACHE", "models"), "/place/models");
    }

    @Test
    void findsASnapshotThroughItsBranch() throws IOException {
        store.ref(OPT, "main", COMMIT);
        store.linkedFile(OPT, COMMIT, "config.json", "{}");

        Path folder = cache.find(OPT, "main").orElseThrow();

        assertThat(folder).isEqualTo(store.snapshot(OPT, COMMIT));
        assertThat(folder.resolve("config.json")).hasContent("{}");
    }

    @Test
    void findsASnapshotOfPlainFilesThroughANestedReference() throws IOException {
        store.ref(OPT, "refs/pr/3", COMMIT + "\n");
        store.plainFile(OPT, COMMIT, "config.json", "{}");

        assertThat(cache.find(OPT, "refs/pr/3")).contains(store.snapshot(OPT, COMMIT));
        assertThat(cache.find(OPT, "main")).isEmpty();
    }

    @Test
    void aCommitNeedsNoReference() throws IOException {
        store.plainFile(OPT, COMMIT, "config.json", "{}");

        assertThat(cache.find(OPT, COMMIT)).contains(store.snapshot(OPT, COMMIT));
        assertThat(cache.find(OPT, OTHER_COMMIT)).isEmpty();
    }

    @Test
    void aReferenceToASnapshotThatIsGoneFindsNothing() throws IOException {
        store.ref(OPT, "main", OTHER_COMMIT);
        store.plainFile(OPT, COMMIT, "config.json", "{}");

        assertThat(cache.find(OPT, "main")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "main", "../../../../etc", "27dcfa74", "zzdcfa74d334bc871f3234de431e71c6eeba5dd6"})
    void aGarbledReferenceFindsNothing(String content) throws IOException {
        store.ref(OPT, "main", content);
        store.plainFile(OPT, COMMIT, "config.json", "{}");

        assertThat(cache.find(OPT, "main")).isEmpty();
    }

    @Test
    void aHugeOrStrangeReferenceFindsNothing() throws IOException {
        store.ref(OPT, "main", COMMIT + " ".repeat(1000));
        store.ref(OPT, "folder/inside", COMMIT);
        store.plainFile(OPT, COMMIT, "config.json", "{}");

        assertThat(cache.find(OPT, "main")).isEmpty();
        assertThat(cache.find(OPT, "folder")).isEmpty();
    }

    @Test
    void nothingOutsideTheStoreCanBeNamed() {
        assertThatThrownBy(() -> cache.find("../opt", "main")).isInstanceOf(HubException.class);
        assertThatThrownBy(() -> cache.find(OPT, "../../x")).isInstanceOf(HubException.class);
    }

    @Test
    void aStoreThatDoesNotExistIsEmpty() {
        HubCache none = cache(Map.of("HF_HUB_CACHE", root.resolve("none").toString()));

        assertThat(none.list()).isEmpty();
        assertThat(none.find(OPT, "main")).isEmpty();
    }

    @Test
    void listsWhatHasAConfiguration() throws IOException {
        store.ref(OPT, "main", COMMIT);
        store.ref(OPT, "a-tag", COMMIT);
        store.ref(OPT, "refs/pr/1", OTHER_COMMIT);
        store.linkedFile(OPT, COMMIT, "config.json", "{}");
        store.linkedFile(OPT, COMMIT, "sub/weights.bin", "12345678");
        store.plainFile(OPT, OTHER_COMMIT, "config.json", "{ }");
        store.plainFile("gpt2", COMMIT, "config.json", "{}");
        store.plainFile("facebook/opt-30b", COMMIT, "vocab.json", "{}");

        assertThat(cache.list())
                .containsExactly(
                        new LocalModel(OPT, "main", COMMIT, store.snapshot(OPT, COMMIT), 10),
                        new LocalModel(OPT, "refs/pr/1", OTHER_COMMIT, store.snapshot(OPT, OTHER_COMMIT), 3),
                        new LocalModel("gpt2", COMMIT, COMMIT, store.snapshot("gpt2", COMMIT), 2));
    }

    @Test
    void listingPassesOverWhatIsNoModel() throws IOException {
        Files.createDirectories(root.resolve(".locks/models--facebook--opt-125m"));
        Files.createDirectories(root.resolve("blobs/ab"));
        Files.createDirectories(root.resolve("models--"));
        Files.createDirectories(root.resolve("datasets--me--data/snapshots").resolve(COMMIT));
        Files.writeString(root.resolve("CACHEDIR.TAG"), "Signature");
        Files.writeString(root.resolve("models--me--file"), "");
        store.plainFile("me/odd", "not-a-commit", "config.json", "{}");
        Path broken = store.snapshot("me/broken", COMMIT);
        Files.createDirectories(broken);
        Files.createSymbolicLink(broken.resolve("config.json"), Path.of("../../blobs/gone"));

        assertThat(cache.list()).isEmpty();
    }

    @Test
    void linksThatLeadNowhereOrInACircleCountNothing() throws IOException {
        store.linkedFile(OPT, COMMIT, "config.json", "{}");
        Path folder = store.snapshot(OPT, COMMIT);
        Files.createSymbolicLink(folder.resolve("gone.bin"), Path.of("../../blobs/gone"));
        Files.createSymbolicLink(folder.resolve("circle"), Path.of("."));
        Files.createSymbolicLink(folder.resolve("self"), Path.of("self"));

        assertThat(cache.list()).singleElement().extracting(LocalModel::bytes).isEqualTo(2L);
    }
}
