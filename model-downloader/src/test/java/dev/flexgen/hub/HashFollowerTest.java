package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.hub.PartialFile.Piece;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashFollowerTest {

    private static final FakeContent CONTENT = FakeContent.random(1, 1000);

    @TempDir
    Path root = Path.of("");

    private static void write(Piece piece) {
        try {
            ByteBuffer bytes = piece.buffer();
            CONTENT.read(bytes, 0);
            piece.write(bytes.flip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void bytesThatComeWhileItAsksForTheEndAreHashedToo() throws IOException, InterruptedException {
        RemoteFile remote = new RemoteFile("x", CONTENT.bytes(), CONTENT.hash(true), true);
        Tuning tuning = PullWorld.tuning(Thread::sleep, _ -> Long.MAX_VALUE);
        try (PartialFile file = PartialFile.open(remote, root.resolve("x"), tuning)) {
            Piece piece = file.take().orElseThrow();

            String hash = new HashFollower(remote, file).follow(() -> {
                if (!piece.complete()) {
                    write(piece);
                }
                return file.complete();
            });

            assertThat(hash).isEqualTo(remote.blobId());
        }
    }
}
