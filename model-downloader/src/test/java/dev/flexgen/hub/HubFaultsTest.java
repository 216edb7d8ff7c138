package dev.flexgen.hub;

import static dev.flexgen.hub.PullWorld.PIECE;
import static dev.flexgen.hub.PullWorld.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.hub.FakeFaults.Fault;
import dev.flexgen.hub.HubException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HubFaultsTest {

    private static final long SIZE = 10 * PIECE + 77;

    @TempDir
    Path root = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private PullWorld world;

    @BeforeEach
    void open() throws IOException {
        world = new PullWorld(root);
        world.model();
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void assertWhole(Path snapshot) {
        assertThat(FakeContent.ofFile(snapshot.resolve(WEIGHTS)).hash(true))
                .isEqualTo(FakeContent.random(1, SIZE).hash(true));
        assertThat(root.resolve("models--facebook--opt-125m/blobs")).isDirectoryNotContaining("glob:**.incomplete*");
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {
                "DROP",
                "STALL",
                "UNAVAILABLE",
                "RATE_LIMIT",
                "EXPIRED_LINK",
                "NO_SUCH_RANGE",
                "OTHER_ETAG",
                "IGNORE_RANGE"
            })
    void whatGoesWrongOnceIsOvercome(Fault fault) {
        world.fake.faults().next(1, fault, WEIGHTS::equals);

        assertWhole(world.pull());
    }

    @Test
    void aDroppedConnectionGoesOnWhereItBroke() {
        world.fake.faults().next(5, Fault.DROP, WEIGHTS::equals);

        assertWhole(world.pull());

        // The HTTP client repeats by itself what broke before it had seen an answer.
        assertThat(world.heard(PullEvent.Retrying.class)).hasSizeBetween(1, 5);
        // What was on its way when a connection broke may be lost, which is half a piece each time at the most.
        assertThat(world.fake.sender().sent(WEIGHTS)).isBetween(SIZE, SIZE + 5 * PIECE / 2);
    }

    @Test
    void aServerThatIgnoresRangesSendsTheFileInOneStream() {
        world.fake.faults().next(Integer.MAX_VALUE, Fault.IGNORE_RANGE, WEIGHTS::equals);

        assertWhole(world.pull());
    }

    @Test
    void linksThatExpireInTheMiddleAreRenewed() {
        world.listening(event -> {
            if (event instanceof PullEvent.Progress progress
                    && progress.path().equals(WEIGHTS)
                    && progress.fileBytesDone() < SIZE / 2) {
                world.fake.expireLinks();
            }
        });
        world.fake.sender().bytesPerSecond(200_000);

        assertWhole(world.pull());

        assertThat(world.heard(PullEvent.Retrying.class)).isEmpty();
    }

    @Test
    void corruptDataIsFetchedOnceMore() {
        world.fake.faults().next(1, Fault.CORRUPT, WEIGHTS::equals);

        assertWhole(world.pull());

        assertThat(world.heard(PullEvent.Corrupt.class)).containsExactly(new PullEvent.Corrupt(WEIGHTS));
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"CORRUPT", "OTHER_ETAG"})
    void dataThatStaysCorruptIsAnErrorThatNamesTheFile(Fault fault) {
        world.fake.faults().next(Integer.MAX_VALUE, fault, WEIGHTS::equals);

        assertFails(Kind.CORRUPT, WEIGHTS + " is not what the hub says it is, twice");

        assertThat(world.cache().find(PullWorld.ID, "main")).isEmpty();
        assertThat(world.cache().list()).isEmpty();
        world.fake.faults().next(0, fault);
        assertWhole(world.pull());
    }

    @Test
    void aSmallFileIsCheckedAsWell() {
        world.fake.faults().next(1, Fault.CORRUPT, "vocab.json"::equals);

        assertThat(world.pull().resolve("vocab.json")).hasContent("{}");
        assertThat(world.heard(PullEvent.Corrupt.class)).hasSize(1);
    }

    @Test
    void aHubThatStaysAwayIsAnErrorAfterAFewAttempts() {
        world.fake.faults().next(Integer.MAX_VALUE, Fault.UNAVAILABLE, WEIGHTS::equals);

        assertFails(Kind.NETWORK, "model.safetensors cannot be fetched: the hub answers with status 503");

        assertThat(world.sleptInAll()).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(60));
    }

    @Test
    void theHubsWishToWaitIsGranted() {
        world.fake.faults().next(1, Fault.RATE_LIMIT_HEADER);
        world.pull();
        assertThat(world.sleptInAll()).isEqualTo(Duration.ofSeconds(8));

        world.fake.faults().next(1, Fault.RATE_LIMIT);
        world.pull();
        assertThat(world.sleptInAll()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void aCancelledPullKeepsItsBytesAndIsNoModel() throws IOException {
        world.fake.sender().bytesPerSecond(100_000);
        PullCancel cancel = new PullCancel();
        try (Hub hub = world.hub()) {
            PullPlan plan = hub.plan(PullWorld.REF);
            assertThatThrownBy(() -> hub.pull(
                            plan,
                            event -> {
                                if (event instanceof PullEvent.Progress progress
                                        && progress.path().equals(WEIGHTS)
                                        && progress.fileBytesDone() > SIZE / 3) {
                                    cancel.cancel();
                                }
                            },
                            cancel))
                    .isInstanceOf(CancellationException.class);
            assertThat(world.cache().find(PullWorld.ID, "main")).isEmpty();
            assertThat(hub.plan(PullWorld.REF).presentBytes()).isGreaterThan(SIZE / 3);
        }
        world.fake.sender().bytesPerSecond(Long.MAX_VALUE);

        assertWhole(world.pull());

        assertThat(world.heard(PullEvent.FileStarted.class))
                .anyMatch(event -> event.path().equals(WEIGHTS) && event.resumedFrom() > SIZE / 3);
    }

    @ParameterizedTest
    @CsvSource({
        "http://[broken, answers with status 302 about facebook/opt-125m",
        "file:///etc/hostname, 'the hub leads to file:///etc/hostname, which is no web address'",
        "mailto:a@b, 'the hub leads to mailto:a@b, which is no web address'",
        "http:nowhere, 'the hub leads to http:nowhere, which is no web address'",
        "nowhere:8, 'the hub leads to nowhere:8, which is no web address'",
    })
    void aLinkThatLeadsNowhereIsOneSentence(String link, String sentence) {
        world.fake.linkTo(link);

        assertThatThrownBy(() -> world.pull()).isInstanceOf(HubException.class).hasMessageContaining(sentence);
    }

    @Test
    void tooLittleSpaceIsSaidBeforeTheFirstByte() {
        world.freeSpace(1000);

        assertFails(Kind.NO_SPACE, "needs another 160.1 KiB, but only 1000 B are free");

        assertThat(world.fileRequests()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX) // which has a file that is always full
    void aDiskThatFillsUpOnTheWayIsSaidAndGoneOnFrom() {
        world.opener(file -> FileChannel.open(
                file.toString().contains(FakeContent.random(1, SIZE).hash(true)) ? Path.of("/dev/full") : file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));

        assertFails(Kind.NO_SPACE, "The disk of the model store " + root + " is full");

        world.opener(Tuning::open);
        assertWhole(world.pull());
    }

    @Test
    void aStoreThatCannotBeWrittenIsAnError() throws IOException {
        Files.writeString(root.resolve("models--facebook--opt-125m"), "a file in the way");

        assertFails(Kind.STORE, "in the model store cannot be read or written");
    }

    @Test
    void aGarbledRecordOfAPartialFileIsNotTrusted() throws IOException {
        Path blobs = Files.createDirectories(root.resolve("models--facebook--opt-125m/blobs"));
        String name = FakeContent.random(1, SIZE).hash(true) + ".flexgen.incomplete";
        Files.write(blobs.resolve(name), new byte[(int) SIZE]);
        Files.writeString(blobs.resolve(name + ".record"), "flexgen partial file 1 x\n0-" + SIZE + "\nchecksum 0\n");

        assertWhole(world.pull());

        assertThat(world.heard(PullEvent.Corrupt.class)).isEmpty();
    }

    private void assertFails(Kind kind, String message) {
        assertThatThrownBy(() -> world.pull())
                .isInstanceOf(HubException.class)
                .hasMessageContaining(message)
                .extracting(e -> ((HubException) e).kind())
                .isEqualTo(kind);
    }
}
