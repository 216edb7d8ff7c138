package dev.flexgen.chat.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoHomeTest {

    @TempDir
    Path temporary;

    @Test
    void nothingIsLeftWhileAProgramStillWritesItsLastFiles() throws Exception {
        var users = new Environment(
                Map.of("HOME", temporary.toString(), "TMPDIR", temporary.toString()), temporary, temporary);
        var home = DemoHome.create(users, temporary, Map.of());
        Path sessions =
                Path.of(home.environment().variable("HOME").orElseThrow()).resolve("sessions");
        Files.createDirectories(sessions);
        var writing = new CountDownLatch(1);
        Thread program = Thread.ofPlatform().start(() -> {
            long end = System.nanoTime() + 200_000_000L;
            for (int i = 0; System.nanoTime() < end; i++) {
                try {
                    Files.writeString(sessions.resolve("last" + i), "words");
                } catch (IOException deletedUnderneath) {
                    // that is what the end of a demo does to it
                }
                writing.countDown();
            }
        });
        writing.await();

        home.close();

        program.join();
        assertThat(left()).isEmpty();
    }

    @Test
    void theEndOfTheProcessDeletesWhatNobodyClosed() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DemoHomeTest.class.getName(),
                        temporary.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isEqualTo(7);
        assertThat(left()).isEmpty();
    }

    /** Makes one, with a file in it, and ends. */
    public static void main(String[] arguments) throws IOException {
        Path temporary = Path.of(arguments[0]);
        var users = new Environment(Map.of("TMPDIR", temporary.toString()), temporary, temporary);
        var home = DemoHome.create(users, temporary, Map.of());
        Files.writeString(home.environment().home().resolve("file"), "words");
        System.exit(7);
    }

    private List<Path> left() throws IOException {
        try (Stream<Path> entries = Files.list(temporary)) {
            return entries.toList();
        }
    }
}
