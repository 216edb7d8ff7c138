package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.AppDirs;
import dev.flexgen.config.Environment;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs killed in the middle of writing lose nothing of what they said they had written. */
class KilledWriterTest {

    private static final int KILLS = Boolean.getBoolean("flexgen.full") ? 50 : 3;

    private final Random random = new Random(7);

    @TempDir
    private Path folder;

    @Test
    void noEntryOfTheHistoryIsLost() throws Exception {
        int last = -1;
        for (int kill = 0; kill < KILLS; kill++) {
            last = writeAndKill("history", last + 1);
            List<String> entries = HistoryFile.open(folder).read();
            for (int number = Math.max(0, last - 500); number <= last; number++) {
                assertThat(entries).contains("entry " + number + " " + "x".repeat(number % 9000));
            }
        }
    }

    @Test
    void theSettingsFileIsAlwaysWholeAndNeverOld() throws Exception {
        Path file = folder.resolve(".config/flexgen-chat/config.json");
        Files.createDirectories(file.getParent());
        int last = -1;
        for (int kill = 0; kill < KILLS; kill++) {
            last = writeAndKill("settings", last + 1);
            var environment = new Environment(Map.of(), folder, folder);
            Settings settings = Settings.resolve(environment, AppDirs.of(environment), Map.of());
            int written = Integer.parseInt(settings.get(SettingTable.MODEL).substring("model-".length()));
            assertThat(written).isBetween(last, last + 1);
            assertThat(settings.get(SettingTable.SYSTEM)).hasSize(written % 9000);
            last = written;
        }
    }

    /** The last number that it had written for certain when it was killed. */
    private int writeAndKill(String what, int first) throws IOException, InterruptedException {
        Path place = what.equals("history") ? folder : folder.resolve(".config/flexgen-chat");
        Path said = Files.createTempFile(folder, "said", "");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledWriter.class.getName(),
                        what,
                        place.toString(),
                        Integer.toString(first))
                .redirectOutput(said.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            int enough = 1 + random.nextInt(200);
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
