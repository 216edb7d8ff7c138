package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.chat.demo.DemoShelf;
import dev.flexgen.config.Environment;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.builtins.ScreenTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code demo}: real sessions of this program within it. */
@Timeout(180)
class DemoCommandTest {

    /** Beside the test's home, so that nothing but the cache may be in that. */
    @TempDir
    Path home;

    @TempDir
    Path tapes;

    private static List<String> names() {
        return DemoShelf.names();
    }

    private Session.Outcome demo(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addFirst("demo");
        return new Session(home).run(all.toArray(String[]::new));
    }

    private Session.Outcome play(String text, String... arguments) throws IOException {
        Files.writeString(tapes.resolve("x.tape"), text);
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addFirst(tapes.resolve("x.tape").toString());
        return demo(all.toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyDemoGoesAsItShould(String name) throws IOException {
        var outcome = demo(name, "--fast", "--check");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).startsWith(name + "  ok, ").endsWith(" checks\n");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        // The user's settings, sessions and history would be beside it.
        try (var files = Files.list(home)) {
            assertThat(files.map(it -> it.getFileName().toString())).isSubsetOf(".cache");
        }
    }

    @Test
    void theListBeginsEachLineWithAName() {
        var outcome = demo("--list");

        assertThat(outcome.out().lines().map(line -> line.substring(0, line.indexOf(' '))))
                .isEqualTo(names());
        assertThat(outcome.out().lines()).allMatch(line -> line.matches("\\S+  +\\S.*"));
        assertThat(outcome.err()).isEmpty();
    }

    @Test
    void aRecordingShowsTheScreenThatThereWas() throws IOException {
        Path cast = tapes.resolve("out.cast");
        var outcome = play("""
                #@ size 60x8
                Hide
                Type "flexgen-chat config show"
                Ctrl+U
                Show
                Type@100ms "flexgen-chat"
                Sleep 3s
                Type " --version"
                Enter
                Wait
                """, "--fast", "--record", cast.toString());

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        List<String> lines = Files.readAllLines(cast);
        JsonObject header = JsonParser.parseString(lines.getFirst()).getAsJsonObject();
        assertThat(header.get("version").getAsInt()).isEqualTo(2);
        assertThat(header.get("width").getAsInt()).isEqualTo(60);
        assertThat(header.get("height").getAsInt()).isEqualTo(8);
        var screen = new ScreenTerminal(60, 8);
        double before = 0;
        for (String line : lines.subList(1, lines.size())) {
            JsonArray event = JsonParser.parseString(line).getAsJsonArray();
            assertThat(event).hasSize(3);
            assertThat(event.get(1).getAsString()).isEqualTo("o");
            assertThat(event.get(0).getAsDouble()).isGreaterThanOrEqualTo(before);
            before = event.get(0).getAsDouble();
            screen.write(event.get(2).getAsString());
        }
        assertThat(before).as("twelve keys, three seconds, ten keys").isBetween(4.7, 60.0);
        assertThat(screen.toString()).contains("$ flexgen-chat --version").doesNotContain("config");
        assertThat(tapes).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void aRecordingReplacesNothing() throws IOException {
        Path cast = Files.writeString(tapes.resolve("out.cast"), "mine");

        var outcome = demo("first-chat", "--record", cast.toString());

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err())
                .contains("there is a file " + cast + " already")
                .hasLineCount(1);
        assertThat(cast).hasContent("mine");
    }

    @Test
    void aRecordingOfAFailureIsNotKept() throws IOException {
        Path cast = tapes.resolve("out.cast");
        var outcome = play("Type \"ls\"\nEnter\nWait", "--record", cast.toString());

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(tapes).isDirectoryNotContaining("glob:**.{cast,part}");
        assertThat(demo(
                                "first-chat",
                                "--record",
                                tapes.resolve("no/such/folder.cast").toString())
                        .err())
                .contains("cannot be written")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "first-chats    | there is no demo 'first-chats'; did you mean 'first-chat'?",
                "zzz            | there is no demo 'zzz', and no file of that name; there are: first-chat, memory",
                "./no.tape      | the tape ./no.tape cannot be read: there is no such file",
                "/              | the tape / cannot be read: it is a folder",
            })
    void whatIsNoTapeIsSaid(String word, String message) {
        var outcome = demo(word);

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err()).contains(message).hasLineCount(1);
    }

    @Test
    void bytesThatAreNoTextAreSaid() throws IOException {
        Path file = Files.write(tapes.resolve("x.tape"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThat(demo(file.toString()).err())
                .contains("it is no text in UTF-8")
                .hasLineCount(1);
        Files.write(file, new byte[2 << 20]);
        assertThat(demo(file.toString()).err())
                .contains("it has more than 1 MiB")
                .hasLineCount(1);
    }

    @Test
    void whatDoesNotComeEndsItWithTheScreen() throws IOException {
        var outcome = play("Type \"flexgen-chat --version\"\nEnter\nWait@200ms /never/");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(outcome.err())
                .contains("x.tape, line 3: waited 200 ms in vain for /never/ in the line '")
                .contains("The screen was:\n    $ flexgen-chat --version\n");
    }

    @Test
    void anExpectationCountsWhenChecking() throws IOException {
        String tape =
                "Set WaitTimeout 200ms\nType \"flexgen-chat --version\"\nEnter\nWait@60s\n#@ expect /nothing like this/";

        assertThat(play(tape, "--fast").exitCode()).isEqualTo(ExitCode.OK);
        var outcome = play(tape, "--check");
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(outcome.out()).endsWith("x.tape  FAILED\n");
        assertThat(outcome.err()).contains("line 5: the screen does not have /nothing like this/");
        assertThat(play(tape.replace("expect", "expect not"), "--check").exitCode())
                .isEqualTo(ExitCode.OK);
    }

    @Test
    void aGoldenGridBesideATapeCounts() throws IOException {
        Files.writeString(tapes.resolve("x.golden.txt"), "$ flexgen-chat --version\nflexgen-chat {text}\n$");
        String tape = "Type \"flexgen-chat --version\"\nEnter\nWait";

        assertThat(play(tape, "--check").out()).endsWith("x.tape  ok, 1 check\n");
        Files.writeString(tapes.resolve("x.golden.txt"), "$ something else");
        assertThat(play(tape, "--check").err()).contains("differs from the golden grid in the grid's row 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ls /                          | a demo runs flexgen-chat and nothing else",
                "flexgen-chat > file           | a demo runs flexgen-chat and nothing else",
                "flexgen-chat setup            | a demo does not run 'flexgen-chat setup'",
                "flexgen-chat demo first-chat  | a demo does not run 'flexgen-chat demo first-chat'",
                "flexgen-chat models rm demo   | a demo does not run 'flexgen-chat models rm demo'",
            })
    void aTapeRunsNothingElse(String line, String message) throws IOException {
        var outcome = play("\nType \"" + line + "\"\nEnter\nWait");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err()).contains("x.tape, line ").contains(message);
    }

    @Test
    void aPatternThatWouldTakeForEverIsSaid() throws IOException {
        var outcome = play("Type '" + "a".repeat(60) + "'\nWait+Screen@5s /(a*)*\\1b/\nEnter");

        assertThat(outcome.err()).contains("line 2: it takes too long to look for");
    }

    @Test
    void settingsOfTheTapeAreTheProgramsAndNotTheUsers() throws IOException {
        Files.createDirectories(home.resolve(".config/flexgen-chat"));
        Path config = Files.writeString(home.resolve(".config/flexgen-chat/config.json"), "{\"temperature\": 1.5}");
        var outcome = play("""
                #@ set top-k 7
                #@ size 100x40
                Set WaitTimeout 30s
                Type "flexgen-chat config set seed 3"
                Enter
                Wait
                Type "flexgen-chat config show"
                Enter
                Wait
                #@ expect /top-k +7/
                #@ expect not /1\\.5/
                """, "--check");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(config).hasContent("{\"temperature\": 1.5}");
    }

    @Test
    void aShellThatHasEndedIsSaid() throws IOException {
        var outcome = play("Ctrl+D\nSleep 1s\nWait\nType 'more'");

        assertThat(outcome.err()).contains("the shell has ended, and the tape has not");
        assertThat(play("Ctrl+C\nCtrl+D").exitCode()).isEqualTo(ExitCode.OK);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Type 'flexgen-chat generate -m demo --prompt Hello --ignore-eos --max-new-tokens 1900'\nEnter",
                "Type 'flexgen-chat -m demo'\nEnter\nWait\nType 'Count from 1 to 20.'\n#@ pace 5\nEnter",
                "Type 'flexgen-chat'",
            })
    void aDemoThatIsInterruptedEndsSoonAndLeavesNothing(String tape) throws Exception {
        Path temporary = Files.createDirectory(tapes.resolve("tmp"));
        Path file = Files.writeString(tapes.resolve("x.tape"), "Set WaitTimeout 60s\n" + tape + "\nWait@10m /never/");
        var interruption = new Interruption();
        var nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        var streams = new Streams(InputStream.nullInputStream(), nowhere, nowhere, () -> false, () -> false);
        var environment = new Environment(Map.of("TMPDIR", temporary.toString()), home, home);
        var code = new CompletableFuture<ExitCode>();
        Thread.ofPlatform()
                .daemon()
                .start(() -> code.complete(
                        new Main(new Wiring(environment, streams, interruption)).run("demo", file.toString())));
        Thread.sleep(1500); // wherever it is by then
        interruption.interrupt();

        assertThat(code.get(30, TimeUnit.SECONDS)).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void aChatWithRandomWeightsAsksForNoDownload() throws IOException {
        var outcome = play("""
                #@ set device cpu
                #@ set random-weights true
                Set WaitTimeout 30s
                Type "flexgen-chat -m opt-125m"
                Enter
                Wait+Screen /opt-125m with random weights, context [0-9]+ tokens|Download it now/
                #@ expect not /Download/
                """, "--check");

        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.OK);
    }

    @Test
    void aDemoCanEndWhileAModelIsLoaded() throws IOException {
        var outcome = play("""
                #@ set device cpu
                #@ set random-weights true
                Set WaitTimeout 30s
                Type "flexgen-chat -m opt-350m"
                Enter
                Wait+Screen /loading/
                Wait@10ms /never/
                """);

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(outcome.err()).contains("line 7: waited 10 ms in vain");
    }
}
