package dev.flexgen.hub;

import static dev.flexgen.hub.FakeStore.COMMIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.Environment;
import dev.flexgen.config.PromptStyle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelResolverTest {

    private static final Catalogue CATALOGUE = Catalogue.load();

    @TempDir
    Path home = Path.of("");

    private Path hub = home;
    private FakeStore store = new FakeStore(hub);

    @BeforeEach
    void createStore() throws IOException {
        hub = home.resolve(".cache/huggingface/hub");
        store = new FakeStore(hub);
        Files.createDirectory(home.resolve("desk"));
    }

    private ResolvedModel resolve(String model) {
        Environment environment = new Environment(Map.of(), home, home.resolve("desk"));
        return new ModelResolver(environment, CATALOGUE, new HubCache(environment)).resolve(model);
    }

    private void storeOpt() throws IOException {
        store.ref("facebook/opt-125m", "main", COMMIT);
        store.linkedFile("facebook/opt-125m", COMMIT, "config.json", "{}");
    }

    private void assertRefused(String model, String message) {
        assertThatThrownBy(() -> resolve(model))
                .isInstanceOf(HubException.class)
                .hasMessage(message, home.resolve("desk"), hub);
    }

    @ParameterizedTest
    @CsvSource({
        "opt-125m",
        "OPT-125M",
        "facebook/opt-125m",
        "facebook/opt-125m@main",
        "opt-125m@27dcfa74d334bc871f3234de431e71c6eeba5dd6"
    })
    void aCatalogueNameOrHubIdLeadsToTheStore(String model) throws IOException {
        storeOpt();

        ResolvedModel resolved = resolve(model);

        assertThat(resolved.folder()).isEqualTo(store.snapshot("facebook/opt-125m", COMMIT));
        assertThat(resolved.name()).isEqualTo(model);
        assertThat(resolved.entry().map(CatalogueEntry::name)).contains("opt-125m");
    }

    @Test
    void aModelOutsideTheCatalogueIsFoundInTheStore() throws IOException {
        store.ref("me/my-opt", "refs/pr/2", COMMIT);
        store.plainFile("me/my-opt", COMMIT, "config.json", "{}");
        store.ref("old", "main", COMMIT);
        store.plainFile("old", COMMIT, "config.json", "{}");

        assertThat(resolve("me/my-opt@refs/pr/2").folder()).isEqualTo(store.snapshot("me/my-opt", COMMIT));
        assertThat(resolve("old").entry()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"models/opt-125m", "./models/opt-125m", "models/opt-125m/", "~/desk/models/opt-125m"})
    void aFolderThatExistsIsTheModel(String model) throws IOException {
        Path folder = Files.createDirectories(home.resolve("desk/models/opt-125m"));

        ResolvedModel resolved = resolve(model);

        assertThat(resolved.folder()).isEqualTo(folder);
        assertThat(resolved.name()).isEqualTo("opt-125m");
        assertThat(resolved.entry().map(CatalogueEntry::name)).contains("opt-125m");
    }

    @Test
    void aFolderOfNumpyWeightsIsMatchedByTheModelsName() throws IOException {
        Path folder = Files.createDirectories(home.resolve("desk/opt-iml-max-30b-np"));

        ResolvedModel resolved = resolve("opt-iml-max-30b-np");

        assertThat(resolved.folder()).isEqualTo(folder);
        assertThat(resolved.name()).isEqualTo("opt-iml-max-30b-np");
        assertThat(resolved.promptStyle()).isEqualTo(PromptStyle.INSTRUCTION);
    }

    @Test
    void aFolderWinsOverTheCatalogue() throws IOException {
        storeOpt();
        Path folder = Files.createDirectories(home.resolve("desk/opt-125m"));

        assertThat(resolve("opt-125m").folder()).isEqualTo(folder);
    }

    @Test
    void aFolderMayHaveAnyName() throws IOException {
        Path folder = Files.createDirectories(home.resolve("desk/my model@home"));

        assertThat(resolve("my model@home").folder()).isEqualTo(folder);
        assertThat(resolve("/").name()).isEqualTo("/");
    }

    @ParameterizedTest
    @CsvSource({
        "./opt-125m, desk/opt-125m",
        "../opt-125m, opt-125m",
        "~/opt-125m, opt-125m",
        "models/opt/125m, desk/models/opt/125m",
        "models/opt-125m/, desk/models/opt-125m",
    })
    void aPathThatDoesNotExistIsAnErrorThatNamesIt(String model, String path) throws IOException {
        storeOpt();

        assertRefused(
                model, home.resolve(path) + " does not exist: name a folder that holds a model and its config.json.");
    }

    @Test
    void aFileIsNoModel() throws IOException {
        Path file = Files.writeString(home.resolve("desk/model.safetensors"), "");

        assertRefused(
                "./model.safetensors",
                file + " is a file, not a model: name the folder that holds it and its config.json.");
    }

    @ParameterizedTest
    @CsvSource({
        "opt-125m, facebook/opt-125m",
        "facebook/opt-125m, facebook/opt-125m",
        "glm-4-9b-chat, THUDM/glm-4-9b-chat-hf",
        "someone/something, someone/something",
        "facebok/opt-125m, facebok/opt-125m (or did you mean facebook/opt-125m?)",
        "opt-1.3b@refs/pr/7, facebook/opt-1.3b@refs/pr/7",
    })
    void aModelThatIsNotHereCanBeFetched(String model, String arguments) {
        assertRefused(
                model,
                model + " is neither a folder in %s nor in the model store %s: fetch it with: flexgen-chat models pull "
                        + arguments);
    }

    @Test
    void aModelThatCannotBeDownloadedSaysWhy() {
        assertThatThrownBy(() -> resolve("opt-175b"))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("and it cannot be downloaded: Meta gives the weights on request only");
    }

    @ParameterizedTest
    @CsvSource({
        "opt-1.3, opt-1.3b",
        "op-125m, opt-125m",
        "opt-125m!, opt-125m",
    })
    void aMistypedNameGetsTheNearestOne(String model, String nearest) {
        assertRefused(
                model,
                "There is no model \"" + model + "\": no folder of that name in %s, none in the catalogue"
                        + " and none in the model store %s; did you mean " + nearest + "?");
    }

    @Test
    void aNameLikeNoOtherGetsAnExplanation() {
        assertRefused(
                "mistral large",
                "There is no model \"mistral large\": no folder of that name in %s, none in the catalogue and none in"
                        + " the model store %s: name a folder, a model that the catalogue lists, or a hub id such as"
                        + " facebook/opt-1.3b.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  "})
    void noNameIsAnError(String model) {
        assertRefused(model, "No model was named: give a folder, a name such as opt-1.3b or a hub id with --model.");
    }

    @Test
    void aBadRevisionIsAnError() {
        assertRefused(
                "opt-125m@../x",
                "\"../x\" is not a revision: write a branch, a tag or a commit after the @,"
                        + " for example facebook/opt-125m@main.");
    }

    @Test
    void aNameThatNoPathCanHaveIsAnError() {
        assertThatThrownBy(() -> resolve("a\0b"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("is not a path");
    }
}
