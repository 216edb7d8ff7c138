package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A terminal whose window closes while the packaged program makes a reply. */
@Tag("e2e")
class HangupIT {

    @TempDir
    Path home;

    @Test
    void theReplyFinishesIntoTheSessionAndTheProgramEnds() throws Exception {
        var release = Release.packaged(home);
        Path model = SlowModel.write(home.resolve("slow"), Release.model());
        var environment = release.environment();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("FC", release.launcher().toString());
        try (var terminal = new Tmux(home, environment)) {
            terminal.type("\"$FC\" --quiet --session talk -m " + model + " --max-new-tokens 200");
            terminal.press("Enter");
            terminal.await("a prompt", screen -> screen.stripTrailing().endsWith("\n>"));
            terminal.type("a story");
            terminal.press("Enter");
            terminal.await("the reply's first words", screen -> screen.strip().length() > 250);
        }
        Path sessions = home.resolve(".local/state/flexgen-chat/sessions");
        Path session = sessions.resolve("talk.jsonl");
        awaitTrue("the reply in the session", () -> Files.readString(session).contains("\"reply\""));
        awaitTrue("the end of the program", () -> programs().isEmpty());
        assertThat(Files.readString(session)).contains("\"end\":\"length\"");
        assertThat(sessions.resolve("talk.kv")).exists();

        var again = release.run(
                "and then?\n",
                List.of(release.launcher().toString(), "chat", "-c", "-m", model.toString(), "--max-new-tokens", "5"));
        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.err())
                .contains("going on with the session 'talk', 1 turn")
                .doesNotContain("saved cache");
    }

    /** The programs that were started from this home. */
    private List<String> programs() {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(process -> process.info().commandLine().orElse(""))
                    .filter(line -> line.contains(home.resolve("slow").toString()))
                    .toList();
        }
    }

    /** Whether something is so. */
    private interface Fact {
        boolean holds() throws IOException;
    }

    private static void awaitTrue(String what, Fact fact) throws IOException, InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!fact.holds()) {
            assertThat(System.nanoTime()).as("waited in vain for " + what).isLessThan(end);
            Thread.sleep(50);
        }
    }
}
