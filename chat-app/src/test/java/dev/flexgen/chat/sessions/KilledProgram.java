package dev.flexgen.chat.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** A program that says a number on a line after each turn, and is killed after some of them. */
final class KilledProgram {

    /** How often a test kills it. */
    static final int KILLS = Boolean.getBoolean("flexgen.full") ? 50 : 5;

    private final Random random = new Random(11);
    private final Path folder;
    private final Class<?> program;

    /** @param folder for what it says */
    KilledProgram(Path folder, Class<?> program) {
        this.folder = folder;
        this.program = program;
    }

    /**
     * Runs it and kills it.
     *
     * @param most turns after which it is killed at the latest
     * @return the last number that it had said for certain
     */
    int runAndKill(int most, String... arguments) throws IOException, InterruptedException {
        Path said = Files.createTempFile(folder, "said", "");
        Path errors = Files.createTempFile(folder, "errors", "");
        Process process = new ProcessBuilder(command(arguments))
                .redirectOutput(said.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            await(said, process, 1 + random.nextInt(most));
            Thread.sleep(0, random.nextInt(999_999)); // somewhere in the next one
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(numbers(said)).as(Files.readString(errors)).isNotEmpty();
        assertThat(Files.readString(errors).lines().filter(line -> !line.startsWith("WARNING")))
                .isEmpty();
        return Integer.parseInt(numbers(said).getLast());
    }

    /**
     * Runs it with a limit on the size of files, which is to it as a full disk is.
     *
     * @param blocks of 512 bytes, or of 1024 with some shells
     * @param turns after which it is ended
     * @return what it has complained of
     */
    List<String> runWithLimit(int blocks, int turns, String... arguments) throws IOException, InterruptedException {
        Path said = Files.createTempFile(folder, "said", "");
        Path errors = Files.createTempFile(folder, "errors", "");
        List<String> command =
                new ArrayList<>(List.of("/bin/sh", "-c", "ulimit -f " + blocks + " && exec \"$@\"", "sh"));
        command.addAll(command(arguments));
        Process process = new ProcessBuilder(command)
                .redirectOutput(said.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            await(said, process, turns);
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(numbers(said).size()).as(Files.readString(errors)).isGreaterThanOrEqualTo(turns);
        return Files.readString(errors)
                .lines()
                .filter(line -> !line.startsWith("WARNING"))
                .toList();
    }

    private static void await(Path said, Process process, int enough) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (numbers(said).size() < enough && process.isAlive() && System.nanoTime() < end) {
            Thread.sleep(5);
        }
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Those that it has said whole. */
    private static List<String> numbers(Path said) throws IOException {
        String text = Files.readString(said);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }
}
