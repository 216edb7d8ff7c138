package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.ID;
import static dev.flexgen.hub.PullWorld.REF;
import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubPullTest {

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

    static List<String> tree(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> folder.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aPlanSaysWhatIsNeededAndNothingElse() {
        world.model();
        world.fake.pageSize(3);
        try (Hub hub = world.hub()) {
            PullPlan plan = hub.plan(REF);

            assertThat(plan.files().stream().map(RemoteFile::path))
                    .containsExactly(WEIGHTS, "config.json", "LICENSE.md", "README.md", "vocab.json", "merges.txt");
            assertThat(plan.missingBytes()).isEqualTo(plan.totalBytes()).isGreaterThan(10 * PullWorld.PIECE);
            assertThat(world.fileRequests()).isEmpty();
            assertThat(root).isEmptyDirectory();
        }
    }

    @Test
    void aPullLeavesTheTreeThatHuggingFaceLeaves() throws IOException {
        FakeRepository repository = world.model();

        Path snapshot = world.pull();

        String commit = repository.commitOf("main");
        Path model = root.resolve("models--facebook--opt-125m");
        assertThat(snapshot).isEqualTo(model.resolve("snapshots").resolve(commit));
        assertThat(model.resolve("refs/main")).hasContent(commit);
        assertThat(Files.size(model.resolve("refs/main"))).isEqualTo(40);
        assertThat(tree(snapshot))
                .containsExactly("LICENSE.md", "README.md", "config.json", "merges.txt", WEIGHTS, "vocab.json");
        assertThat(tree(model.resolve("blobs"))).hasSize(6).allMatch(name -> name.matches("[0-9a-f]{40}|[0-9a-f]{64}"));
        for (FakeRepository.FakeFile file : repository.files(commit).values()) {
            Path link = snapshot.resolve(file.path());
            if (Files.exists(link)) {
                assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("../../blobs/" + file.blobId()));
                assertThat(FakeContent.ofFile(link).hash(file.lfs())).isEqualTo(file.blobId());
            }
        }
        assertThat(world.cache().find(ID, "main")).contains(snapshot);
        assertThat(world.cache().list()).hasSize(1);
    }

    @Test
    void eventsTellTheWholeStory() {
        world.model();

        Path snapshot = world.pull();

        assertThat(world.events.getFirst()).isInstanceOf(PullEvent.Planned.class);
        long total = world.heard(PullEvent.Planned.class).getFirst().plan().totalBytes();
        assertThat(world.events.getLast()).isEqualTo(new PullEvent.Done(snapshot, total));
        assertThat(world.heard(PullEvent.FileStarted.class)).hasSize(6);
        assertThat(world.heard(PullEvent.Verifying.class)).hasSize(6);
        assertThat(world.heard(PullEvent.FileDone.class)).hasSize(6);
        PullEvent.Progress last = world.heard(PullEvent.Progress.class).getLast();
        assertThat(last.totalDone()).isEqualTo(last.total()).isEqualTo(total);
    }

    @Test
    void whatIsHereIsNotFetchedAgain() throws IOException {
        world.model();
        Path snapshot = world.pull();
        long before = world.fileRequests().count();

        assertThat(world.pull()).isEqualTo(snapshot);
        Files.delete(snapshot.resolve("vocab.json"));
        world.pull();

        assertThat(world.fileRequests().count()).isEqualTo(before);
        assertThat(snapshot.resolve("vocab.json")).hasContent("{}");
    }

    @Test
    void aNewCommitFetchesOnlyWhatHasChangedAndMovesTheBranch() throws IOException {
        FakeRepository repository = world.model();
        Path old = world.pull();
        repository
                .commit("main")
                .file("config.json", "{\"model_type\":\"opt\",\"new\":1}")
                .bigFile(WEIGHTS, FakeContent.random(1, 10 * PullWorld.PIECE + 77));
        long sent = world.fake.sender().sent(WEIGHTS);

        Path snapshot = world.pull();

        assertThat(snapshot).isNotEqualTo(old);
        assertThat(world.fake.sender().sent(WEIGHTS)).isEqualTo(sent);
        assertThat(world.cache().find(ID, "main")).contains(snapshot);
        assertThat(world.cache().find(ID, old.getFileName().toString())).contains(old);
    }

    @Test
    void revisionsMayHaveSlashesOrBeCommits() {
        FakeRepository repository = world.model();
        repository
                .commit("refs/pr/3")
                .file("config.json", "{}")
                .bigFile("pytorch_model.bin", FakeContent.random(9, 99));

        Path snapshot = world.pull(new HubRef(ID, "refs/pr/3"));
        Path same = world.pull(new HubRef(ID, repository.commitOf("refs/pr/3")));

        assertThat(same).isEqualTo(snapshot);
        assertThat(root.resolve("models--facebook--opt-125m/refs/refs/pr/3"))
                .hasContent(repository.commitOf("refs/pr/3"));
        assertThat(snapshot.resolve("pytorch_model.bin")).exists();
    }

    @Test
    void filesOfTheSameContentAreFetchedOnce() {
        world.fake
                .repository(ID)
                .file("config.json", "{}")
                .file("generation_config.json", "{}")
                .bigFile(WEIGHTS, FakeContent.random(1, 10));

        Path snapshot = world.pull();

        assertThat(snapshot.resolve("generation_config.json")).hasContent("{}");
        assertThat(world.fileRequests().filter(request -> request.path().endsWith("config.json")))
                .hasSize(1);
    }

    @Test
    void withoutLinksTheFilesThemselvesLieInTheSnapshot() throws IOException {
        world.model().file("generation_config.json", "{}");
        world.with("HF_HUB_DISABLE_SYMLINKS", "1");

        Path snapshot = world.pull();
        long requests = world.fileRequests().count();
        world.pull();

        assertThat(tree(snapshot)).hasSize(7).noneMatch(name -> Files.isSymbolicLink(snapshot.resolve(name)));
        assertThat(snapshot.resolve("vocab.json")).hasContent("{}");
        assertThat(snapshot.resolve("generation_config.json")).hasContent("{}");
        assertThat(world.fileRequests().count()).isEqualTo(requests);
        assertThat(world.cache().find(ID, "main")).contains(snapshot);
    }

    @Test
    void theTokenGoesToTheHubAlone() {
        world.model().needsToken("hf_secret");
        world.with("HF_TOKEN", " hf_secret\n");

        world.pull();

        assertThat(world.fake.requests())
                .filteredOn(FakeHub.Request::ofHub)
                .extracting(FakeHub.Request::authorization)
                .containsOnly("Bearer hf_secret");
        assertThat(world.fake.requests())
                .filteredOn(request -> !request.ofHub())
                .isNotEmpty()
                .extracting(FakeHub.Request::authorization)
                .containsOnly("");
    }
}
