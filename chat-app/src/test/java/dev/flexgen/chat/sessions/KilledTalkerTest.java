package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Transcript.Exchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chat that is killed loses no turn that had ended, and goes on where it was. */
class KilledTalkerTest {

    private static final int KILLS = Boolean.getBoolean("flexgen.full") ? 50 : 5;

    private final Random random = new Random(11);

    @TempDir
    private Path folder;

    @Test
    void atMostThePartialReplyIsLost() throws Exception {
        int last = -1;
        for (int kill = 0; kill < KILLS; kill++) {
            last = talkAndKill(last + 1);
            SavedSession session = new SessionStore(folder, Clock.systemUTC()).read("talk");
            List<Exchange> turns = session.turns();
            assertThat(turns.size()).isBetween(last + 1, last + 2);
            for (int number = 0; number < turns.size(); number++) {
                assertThat(turns.get(number).message()).isEqualTo("message " + number);
                assertThat(turns.get(number).reply()).isEqualTo(("reply " + number + " " + "x".repeat(number % 3000)));
            }
            last = turns.size() - 1;
        }
    }

    /** The last turn that it had said for certain when it was killed. */
    private int talkAndKill(int first) throws IOException, InterruptedException {
        Path said = Files.createTempFile(folder, "said", "");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledTalker.class.getName(),
                        folder.toString(),
                        Integer.toString(first))
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            int enough = 1 + random.nextInt(40);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (numbers(said).size() < enough && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            Thread.sleep(0, random.nextInt(999_999)); // somewhere in the next one
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(numbers(said)).isNotEmpty();
        return Integer.parseInt(numbers(said).getLast());
    }

    /** Those that it has said whole. */
    private static List<String> numbers(Path said) throws IOException {
        String text = Files.readString(said);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }
}
