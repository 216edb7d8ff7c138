package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code generate --input --output}: jobs that go on after an interruption, and jobs shared by several processes. */
class GenerateJobTest {

    private static final int PROMPTS = 23;

    @TempDir
    Path home;

    private String model = "";
    private Path output = Path.of("");
    private Path journal = Path.of("");

    @BeforeEach
    void prompts() throws IOException {
        Optional<Path> found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        model = found.orElseThrow().toString();
        Files.write(
                home.resolve("prompts"),
                IntStream.range(0, PROMPTS)
                        .mapToObj(i -> "{\"ids\": [2," + (3 + i) + ",9]}")
                        .toList());
        output = home.resolve("out");
        journal = home.resolve("out.partial");
    }

    private Outcome generate(String... options) {
        List<String> words = new ArrayList<>(
                List.of("generate", "-m", model, "--input", "prompts", "--max-new-tokens", "6", "--batch", "4"));
        words.addAll(Arrays.asList(options));
        return new Session(home).run(words.toArray(String[]::new));
    }

    private Outcome job(String... options) {
        String[] all = Arrays.copyOf(options, options.length + 3);
        all[options.length] = "--output";
        all[options.length + 1] = "out";
        all[options.length + 2] = "--json";
        return generate(all);
    }

    private static List<String> withoutTiming(String lines) {
        return lines.lines()
                .map(line -> {
                    JsonObject json = JsonParser.parseString(line).getAsJsonObject();
                    json.remove("timing");
                    return json.toString();
                })
                .toList();
    }

    private void refused(Outcome outcome, ExitCode code, String... words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err().lines().filter(line -> !line.contains("tok/s") && !line.contains("memory")))
                .singleElement()
                .asString()
                .contains(words);
    }

    @Test
    void theFileHoldsWhatStandardOutputWould() throws IOException {
        Outcome plain = generate("--json");
        Outcome outcome = job();
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("23 of 23 prompts, ");
        assertThat(withoutTiming(Files.readString(output))).isEqualTo(withoutTiming(plain.out()));
        assertThat(journal).doesNotExist();

        Outcome again = job("--resume");
        assertThat(again.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(again.err()).contains("out is complete already").hasLineCount(1);
    }

    /** A journal cut off anywhere, in a line or between two, is what a killed process leaves. */
    @Test
    void aJobGoesOnFromWhateverAKilledRunLeft() throws IOException {
        List<String> undisturbed = withoutTiming(generate("--json").out());
        // A folder in the way of the last step leaves the whole journal.
        Files.createDirectories(home.resolve("out.new"));
        refused(job("--quiet"), ExitCode.FAILURE, "results cannot be written to", "--resume");
        Files.delete(home.resolve("out.new"));
        byte[] whole = Files.readAllBytes(journal);
        for (int length :
                new int[] {whole.length, whole.length - 1, whole.length - 40, whole.length / 2, 90, 84, 50, 1, 0}) {
            Files.write(journal, Arrays.copyOf(whole, length));
            Files.deleteIfExists(output);
            Outcome outcome = job("--resume");
            assertThat(outcome.exitCode())
                    .as(length + " bytes: " + outcome.err())
                    .isEqualTo(ExitCode.OK);
            assertThat(withoutTiming(Files.readString(output)))
                    .as("%d bytes", length)
                    .isEqualTo(undisturbed);
            assertThat(journal).doesNotExist();
        }
    }

    @Test
    void aFlippedBitCostsResultsAndInventsNone() throws IOException {
        List<String> undisturbed = withoutTiming(generate("--json").out());
        Files.createDirectories(home.resolve("out.new"));
        assertThat(job().exitCode()).isEqualTo(ExitCode.FAILURE);
        Files.delete(home.resolve("out.new"));
        try (var file = new RandomAccessFile(journal.toFile(), "rw")) {
            file.seek(file.length() / 2);
            int value = file.read();
            file.seek(file.length() / 2);
            file.write(value ^ 4);
        }
        assertThat(job("--resume").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(withoutTiming(Files.readString(output))).isEqualTo(undisturbed);
    }

    @Test
    void failedPromptsAreTriedAgain() throws IOException {
        Files.writeString(home.resolve("prompts"), "{\"ids\": [2,5]}\n{\"ids\": [999999]}\n{\"ids\": [2,6]}\n");
        Outcome outcome = job();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(outcome.err()).contains("1 of 3 prompts failed");
        assertThat(Files.readAllLines(output)).hasSize(3).element(1).asString().contains("\"finish_reason\":\"error\"");
        assertThat(journal).exists();

        Outcome again = job("--resume");
        assertThat(again.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(again.err()).contains("1 of 1 prompts failed");
        assertThat(Files.readAllLines(output)).hasSize(3);
    }

    @Test
    void sharesTogetherAreTheWholeJob() {
        List<String> whole = withoutTiming(generate("--json").out());
        List<String> shares = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            Outcome share = generate("--json", "--shard", i + "/3");
            assertThat(share.exitCode()).isEqualTo(ExitCode.OK);
            shares.addAll(withoutTiming(share.out()));
        }
        shares.sort(Comparator.comparingInt(line ->
                JsonParser.parseString(line).getAsJsonObject().get("index").getAsInt()));
        assertThat(shares).isEqualTo(whole);
        assertThat(generate("--json", "--shard", "30/30").out()).isEmpty();
    }

    @Test
    void scoresAreAJobAsWell() throws IOException {
        String[] command = {"score", "-m", model, "--input", "prompts", "--json"};
        Outcome plain = new Session(home).run(command);
        String[] job = Arrays.copyOf(command, command.length + 2);
        job[command.length] = "--output";
        job[command.length + 1] = "scores";
        Outcome outcome = new Session(home).run(job);
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(Files.readString(home.resolve("scores"))).isEqualTo(plain.out());
        String[] share = Arrays.copyOf(command, command.length + 2);
        share[command.length] = "--shard";
        share[command.length + 1] = "2/12";
        assertThat(new Session(home).run(share).out().lines().toList())
                .isEqualTo(plain.out().lines().toList().stream()
                        .filter(line -> line.startsWith("{\"index\":1,") || line.startsWith("{\"index\":13,"))
                        .toList());
    }

    @Test
    void plainTextIsTheSameInAFile() throws IOException {
        Files.writeString(home.resolve("prompts"), "hello\nwhat is that\nhello there\n");
        Outcome plain = generate();
        assertThat(generate("--output", "text").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(Files.readString(home.resolve("text"))).isEqualTo(plain.out());
        assertThat(generate("--output", "second", "--shard", "2/3").exitCode()).isEqualTo(ExitCode.OK);
        assertThat(Files.readString(home.resolve("second"))).startsWith("==> prompt 2 <==\n");
    }

    @Test
    void whatWouldSpoilResultsIsRefused() throws IOException {
        refused(generate("--resume"), ExitCode.USAGE, "--resume needs --output");
        for (String shard : new String[] {"0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"}) {
            refused(generate("--shard", shard), ExitCode.USAGE, "--shard must be i/n", shard);
        }
        refused(
                new Session(home).run("generate", "-m", model, "--ids", "2", "--output", "out"),
                ExitCode.USAGE,
                "--output needs --input");
        refused(generate("--output", "nowhere/out"), ExitCode.USAGE, "is in a folder that is not there");
        refused(generate("--output", "."), ExitCode.USAGE, "is a folder");

        Files.writeString(output, "precious");
        refused(job(), ExitCode.USAGE, "out is there from an earlier run", "--resume");
        assertThat(output).hasContent("precious");
        Files.delete(output);

        Files.writeString(journal, "a diary\n");
        refused(job("--resume"), ExitCode.USAGE, "out.partial is not from this program");
        assertThat(journal).hasContent("a diary\n");
        Files.delete(journal);

        Files.createDirectories(home.resolve("out.new"));
        assertThat(job().exitCode()).isEqualTo(ExitCode.FAILURE);
        refused(job(), ExitCode.USAGE, "out.partial is there from an earlier run", "--resume");
        refused(job("--resume", "--temperature", "0.5"), ExitCode.USAGE, "belongs to another job");
        try (FileChannel other = FileChannel.open(journal, StandardOpenOption.WRITE);
                var _ = other.lock()) {
            refused(job("--resume"), ExitCode.FAILURE, "another process is writing");
        }
    }
}
