package dev.flexgen.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Spark pipes prompts through the packaged program, as docs/CLUSTER.md says. */
class SparkPipeTest {

    private static final Pattern IDS = Pattern.compile("\"ids\":(\\[[0-9,]*])");

    private static final Path CHECKOUT = Path.of("../../..").toAbsolutePath().normalize();

    @Test
    void theRepliesAreThoseOfOneProcessInTheOrderOfThePrompts() throws IOException, InterruptedException {
        List<String> prompts =
                IntStream.range(0, 24).mapToObj(i -> "{\"ids\":[2," + (3 + i) + ",9]}").toList();
        List<String> alone = alone(prompts);
        assertEquals(prompts.size(), alone.size());
        try (JavaSparkContext spark = spark()) {
            List<String> piped = spark.parallelize(prompts, 3).pipe(command()).collect();
            assertEquals(alone, piped.stream().map(SparkPipeTest::ids).toList());
            // A partition without prompts is no error.
            assertEquals(1, spark.parallelize(prompts.subList(0, 1), 2).pipe(command()).count());
        }
    }

    @Test
    void aBadPromptFailsTheJob() throws IOException {
        try (JavaSparkContext spark = spark()) {
            List<String> command = command();
            Exception failure = Assertions.assertThrows(
                    Exception.class, () -> spark.parallelize(List.of("{\"ids\":[99999999]}"), 1).pipe(command).collect());
            assertTrue(failure instanceof SparkException && failure.getMessage().contains("exited with status"),
                    failure.toString());
        }
    }

    private static JavaSparkContext spark() {
        return new JavaSparkContext(new SparkConf()
                .setMaster("local[2]")
                .setAppName("flexgen-chat")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "localhost")
                .set("spark.driver.bindAddress", "127.0.0.1"));
    }

    private static List<String> alone(List<String> prompts) throws IOException, InterruptedException {
        Path input = Files.createTempFile("prompts", "");
        Path output = Files.createTempFile("replies", "");
        try {
            Files.write(input, prompts);
            Process process = new ProcessBuilder(command())
                    .redirectInput(input.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            assertEquals(0, process.waitFor());
            return Files.readAllLines(output).stream().map(SparkPipeTest::ids).toList();
        } finally {
            Files.delete(input);
            Files.delete(output);
        }
    }

    private static String ids(String line) {
        Matcher ids = IDS.matcher(line);
        assertTrue(ids.find(), line);
        return ids.group(1);
    }

    private static List<String> command() throws IOException {
        try (Stream<Path> built = Files.list(CHECKOUT.resolve("chat-app/target"))) {
            Path launcher = built.map(it -> it.resolve("flexgen-chat"))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("the program is not packaged: run 'mvn package' first"));
            return List.of(
                    launcher.toString(),
                    "generate",
                    "-m",
                    CHECKOUT.resolve("engine/src/test/resources/golden/opt-f32").toString(),
                    "--input",
                    "-",
                    "--json",
                    "--quiet",
                    "--max-new-tokens",
                    "6");
        }
    }
}
