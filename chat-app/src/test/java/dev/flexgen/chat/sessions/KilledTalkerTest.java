package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Transcript.Exchange;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chat that is killed loses no turn that had ended, and goes on where it was. */
class KilledTalkerTest {

    @TempDir
    private Path folder;

    @Test
    void atMostThePartialReplyIsLost() throws Exception {
        var program = new KilledProgram(folder, KilledTalker.class);
        int last = -1;
        for (int kill = 0; kill < KilledProgram.KILLS; kill++) {
            last = program.runAndKill(40, folder.toString(), Integer.toString(last + 1));
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
}
