package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A long {@code generate --input --output} that is killed again and again ends with the results of an undisturbed one. */
@Tag("e2e")
class KilledJobIT {

    private static final boolean FULL = Boolean.getBoolean("flexgen.full");
    private static final int PROMPTS = FULL ? 10_000 : 1_200;
    private static final int KILLS = FULL ? 20 : 3;

    @TempDir
    Path home;

    @Test
    void theResultsAreThoseOfAnUndisturbedRun() throws Exception {
        Release release = Release.packaged(home);
        Files.write(
                home.resolve("prompts"),
                IntStream.range(0, PROMPTS)
                        .mapToObj(i ->
                                "{\"ids\": [2," + (3 + i % 40) + "," + (3 + i / 40 % 40) + "," + (3 + i / 1600) + "]}")
                        .toList());
        runToTheEnd(release, "alone");

        Random random = new Random(5);
        Path journal = home.resolve("killed.partial");
        int killed = 0;
        for (int kill = 1; kill <= KILLS; kill++) {
            long enough = (long) kill * PROMPTS / (KILLS + 2);
            killed += runAndKill(release, journal, enough, random.nextInt(20)) ? 1 : 0;
            assertThat(home.resolve("killed")).doesNotExist();
        }
        assertThat(killed).isEqualTo(KILLS);
        long before = lines(journal);
        runToTheEnd(release, "killed");
        assertThat(before).as("prompts that were not computed again").isGreaterThan(PROMPTS / 2);
        assertThat(journal).doesNotExist();
        assertThat(results("killed")).hasSize(PROMPTS).isEqualTo(results("alone"));
    }

    private void runToTheEnd(Release release, String output) throws IOException, InterruptedException {
        Path said = Files.createTempFile(home, "said", "");
        Process process = start(release, output, said);
        try {
            assertThat(process.waitFor(15, TimeUnit.MINUTES)).as("ends in time").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    }

    private Process start(Release release, String output, Path said) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command(release, output))
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().clear();
        builder.environment().putAll(release.environment());
        return builder.start();
    }

    /** Kills it somewhere behind so many finished prompts; whether it was still running. */
    private boolean runAndKill(Release release, Path journal, long enough, int moreMillis)
            throws IOException, InterruptedException {
        Path said = Files.createTempFile(home, "said", "");
        Process process = start(release, "killed", said);
        try {
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
            while (process.isAlive() && lines(journal) < enough && System.nanoTime() < end) {
                Thread.sleep(5);
            }
            Thread.sleep(moreMillis);
            assertThat(process.isAlive()).as(Files.readString(said)).isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        return process.exitValue() == 128 + 9;
    }

    /** Of a file that is being written. */
    private static long lines(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        long lines = 0;
        for (byte value : Files.readAllBytes(file)) {
            lines += value == '\n' ? 1 : 0;
        }
        return lines;
    }

    private List<String> results(String output) throws IOException {
        List<String> results = new ArrayList<>();
        for (String line : Files.readAllLines(home.resolve(output))) {
            JsonObject json = JsonParser.parseString(line).getAsJsonObject();
            json.remove("timing");
            results.add(json.toString());
        }
        return results;
    }

    private static List<String> command(Release release, String output) {
        return List.of(
                release.launcher().toString(),
                "generate",
                "-m",
                Release.model().toString(),
                "--input",
                "prompts",
                "--batch",
                "16",
                "--max-new-tokens",
                "4",
                "--threads",
                "1",
                "--json",
                "--quiet",
                "--output",
                output,
                "--resume");
    }
}
