package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.ID;
import static dev.flexgen.hub.PullWorld.PIECE;
import static dev.flexgen.hub.PullWorld.REF;
import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store to which somebody else may write as well, and does. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostileStoreTest {

    private static final String MINE = "what must not be touched";
    private static final FakeContent CONTENT = FakeContent.random(1, 10 * PIECE + 77);

    @TempDir
    Path folder = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private PullWorld world;

    @SuppressWarnings("NullAway.Init")
    private Path model;

    @SuppressWarnings("NullAway.Init")
    private Path victim;

    @SuppressWarnings("NullAway.Init")
    private String commit;

    @BeforeEach
    void open() throws IOException {
        world = new PullWorld(Files.createDirectory(folder.resolve("store")));
        commit = world.model().commitOf("main");
        model = world.root.resolve("models--facebook--opt-125m");
        victim = Files.writeString(folder.resolve("victim"), MINE);
    }

    @AfterEach
    void close() {
        world.close();
    }

    private Path in(String path) throws IOException {
        Path file = world.root.resolve(path.replace("MODEL", model.getFileName().toString())
                .replace("HASH", CONTENT.hash(true))
                .replace("COMMIT", commit));
        Files.createDirectories(file.getParent());
        return file;
    }

    private void assertPullIsWholeAndVictimUntouched() throws IOException {
        Path snapshot = world.pull();

        assertThat(FakeContent.ofFile(snapshot.resolve(WEIGHTS)).hash(true)).isEqualTo(CONTENT.hash(true));
        assertThat(victim).hasContent(MINE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MODEL/blobs/HASH.flexgen.incomplete",
                "MODEL/blobs/HASH.flexgen.incomplete.record",
                "MODEL/blobs/HASH.flexgen.incomplete.record.new",
                "MODEL/blobs/HASH",
                "MODEL/refs/main",
                "MODEL/refs/.main.flexgen.new",
                "MODEL/snapshots/COMMIT/model.safetensors",
                "MODEL/snapshots/COMMIT/.model.safetensors.flexgen.new",
                "MODEL/.flexgen.link"
            })
    void nothingIsWrittenThroughALink(String place) throws IOException {
        Files.createSymbolicLink(in(place), victim);

        assertPullIsWholeAndVictimUntouched();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MODEL/blobs/HASH.flexgen.incomplete",
                "MODEL/blobs/HASH.flexgen.incomplete.record",
                "MODEL/blobs/HASH.flexgen.incomplete.record.new",
                "MODEL/refs/.main.flexgen.new"
            })
    void nothingIsWrittenIntoAFileThatHasAnotherName(String place) throws IOException {
        Files.createLink(in(place), victim);

        assertPullIsWholeAndVictimUntouched();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MODEL/blobs/HASH",
                "MODEL/blobs/HASH.flexgen.incomplete",
                "MODEL/blobs/HASH.flexgen.incomplete.record",
                "MODEL/refs/main",
                "MODEL/snapshots/COMMIT/config.json"
            })
    void aPipeThatNobodyWritesToIsNotWaitedFor(String place) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", in(place).toString()).start().waitFor())
                .isZero();

        assertThat(world.cache().find(ID, "main")).isEmpty();
        assertThat(world.cache().list()).isEmpty();
        assertPullIsWholeAndVictimUntouched();
    }

    @Test
    void aLockThatIsALinkIsRefused() throws IOException {
        Path lock = in(".locks/MODEL/flexgen-pull.lock");
        Files.createSymbolicLink(lock, folder.resolve("made"));

        assertThatThrownBy(() -> world.pull())
                .isInstanceOf(HubException.class)
                .hasMessageContaining(lock + " in the model store cannot be read or written");

        assertThat(folder.resolve("made")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"MODEL/blobs", "MODEL/snapshots", "MODEL/snapshots/COMMIT", "MODEL/refs", ".locks/MODEL"})
    void aFolderThatIsALinkIsNotWrittenThrough(String place) throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(in(place), elsewhere);

        assertThatThrownBy(() -> world.pull())
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith(link + " in the model store is a link, which this program neither writes");

        assertThat(elsewhere).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"blobs", "snapshots", "snapshots/COMMIT", "refs"})
    void nothingIsRemovedThroughALink(String place) throws IOException {
        world.pull();
        Path inside = model.resolve(place.replace("COMMIT", commit));
        Path elsewhere = Files.move(inside, folder.resolve("elsewhere"));
        Files.createSymbolicLink(inside, elsewhere);
        var before = HubPullTest.tree(elsewhere);

        assertThatThrownBy(() -> world.cache().remove(world.cache().removal(new HubRef(ID, commit))))
                .isInstanceOf(HubException.class);

        assertThat(HubPullTest.tree(elsewhere)).isEqualTo(before).isNotEmpty();
    }

    @Test
    void aSnapshotThatIsALinkIsNoModel() throws IOException {
        world.pull();
        Path snapshot = model.resolve("snapshots").resolve(commit);
        Files.createSymbolicLink(snapshot, Files.move(snapshot, folder.resolve("elsewhere")));

        assertThat(world.cache().find(ID, "main")).isEmpty();
        assertThat(world.cache().list()).isEmpty();
    }

    @Test
    void aReferenceThatIsALinkLeadsNowhere() throws IOException {
        world.pull();
        Path ref = model.resolve("refs/main");
        Files.createSymbolicLink(ref, Files.move(ref, folder.resolve("ref")));

        assertThat(world.cache().find(ID, "main")).isEmpty();
    }

    @Test
    void aPlantedFileOfTheRightSizeIsFoundOutAndReplaced() throws IOException {
        Files.write(in("MODEL/blobs/HASH"), new byte[(int) CONTENT.bytes()]);

        assertPullIsWholeAndVictimUntouched();

        assertThat(world.heard(PullEvent.Corrupt.class)).containsExactly(new PullEvent.Corrupt(WEIGHTS));
    }

    @Test
    void whatWasHashedOnceIsNotHashedAgainUntilItChanges() throws IOException {
        Path snapshot = world.pull();
        world.events.clear();
        world.pull();
        assertThat(world.heard(PullEvent.Verifying.class)).isEmpty();

        Path blob = snapshot.resolve(WEIGHTS).toRealPath();
        var time = Files.getLastModifiedTime(blob);
        byte[] bytes = Files.readAllBytes(blob);
        bytes[5]++;
        Files.write(blob, bytes);
        Files.setLastModifiedTime(blob, time);

        assertPullIsWholeAndVictimUntouched();
        assertThat(world.heard(PullEvent.Corrupt.class)).containsExactly(new PullEvent.Corrupt(WEIGHTS));
    }

    @Test
    void whatOtherToolsHaveFetchedIsHashedBeforeItsFirstUse() throws IOException {
        world.pull();
        Files.delete(folder.resolve("store/.local/state/flexgen-chat/verified-blobs"));
        world.events.clear();

        assertPullIsWholeAndVictimUntouched();

        assertThat(world.heard(PullEvent.Verifying.class)).hasSize(6);
        assertThat(world.heard(PullEvent.FileStarted.class)).isEmpty();
    }

    @Test
    void aCompleteModelIsPulledWithoutWritingToTheStore() throws IOException {
        Path snapshot = world.pull();
        Files.delete(world.root.resolve(".locks/models--facebook--opt-125m/flexgen-pull.lock"));
        Files.delete(world.root.resolve(".locks/models--facebook--opt-125m"));
        Files.delete(world.root.resolve(".locks"));

        assertThat(world.pull()).isEqualTo(snapshot);

        assertThat(Files.exists(world.root.resolve(".locks"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(world.events.getLast()).isInstanceOf(PullEvent.Done.class);
    }

    @Test
    void aRecordThatClaimsEverythingIsNoProof() throws IOException {
        RemoteFile remote = new RemoteFile(WEIGHTS, CONTENT.bytes(), CONTENT.hash(true), true);
        Path partial = in("MODEL/blobs/HASH.flexgen.incomplete");
        Files.write(partial, new byte[(int) CONTENT.bytes()]);
        Intervals all = new Intervals();
        all.add(0, CONTENT.bytes());
        new PartialRecord(partial.resolveSibling(partial.getFileName() + ".record"), remote).write(all);

        assertPullIsWholeAndVictimUntouched();

        assertThat(world.heard(PullEvent.Corrupt.class)).hasSize(1);
        try (Hub hub = world.hub()) {
            assertThat(hub.plan(REF).missingBytes()).isZero();
        }
    }
}
