package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.Session.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user can get wrong: each time one sentence on standard error, nothing on standard output, the right exit code. */
class BadInputTest {

    @TempDir
    Path home;

    private Path golden;
    private Path model;

    @BeforeEach
    void copyModel() throws IOException {
        Optional<Path> found = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(found).as("the models lie in the source tree").isPresent();
        golden = found.orElseThrow();
        model = copy(golden, "model");
    }

    @Test
    void namesOfFoldersAndFilesDoNothingToATerminal() throws IOException {
        Path evil = copy(golden, "a\u001b]0;b\u0007\u202ec");
        Files.writeString(evil.resolve("LICENSE-\u001b[2J"), "none");

        Outcome shown = new Session(home).run("models", "show", evil.toString());
        Files.delete(evil.resolve("config.json"));
        Outcome failed = new Session(home).run("score", "-m", evil.toString(), "--ids", "2");

        assertThat(shown.exitCode()).as(shown.err()).isEqualTo(ExitCode.OK);
        assertThat(shown.out())
                .contains("LICENSE-\u241b[2J", "a\u241b]0;b")
                .doesNotContain("\u001b", "\u0007", "\u202e");
        assertThat(failed.err()).contains("a\u241b]0;b").doesNotContain("\u001b", "\u0007", "\u202e");
    }

    @Test
    void theModelIsFineBeforeItIsDamaged() {
        assertThat(score().exitCode()).isEqualTo(ExitCode.OK);
    }

    @ParameterizedTest
    @CsvSource({
        "--promt x, did you mean '--prompt'",
        "--max-new-tokens many --ids 2, whole number",
        "--temperature -1 --ids 2, temperature",
        "--min-p 1 --ids 2, min-p must be a number from 0 to below 1",
        "--repetition-penalty 0.001 --ids 2, repetition-penalty must be a number from 0.01 to 10",
        "--ids 2;x, no whole number",
        "--ids , missing required parameter for option",
        "--ids 2 --prompt hi, exactly one of",
        "--json, exactly one of",
        "--ids 2 stray, unexpected argument 'stray'",
        "--prompt, --prompt",
        "--ids 2 --threads 5000, threads",
        "--input nowhere.jsonl, there is no file nowhere.jsonl",
    })
    void wrongOptionsOfGenerateAreUsageErrors(String options, String part) {
        var words = Stream.concat(Stream.of("generate", "-m", model.toString()), Stream.of(options.split(" ", -1)));

        expect(run(words.map(word -> word.replace(';', ',')).toArray(String[]::new)), ExitCode.USAGE, part);
    }

    @Test
    void anUnknownCommandIsMetWithTheNearestOne() {
        expect(run("generat"), ExitCode.USAGE, "unknown command 'generat'; did you mean 'generate'?");
    }

    @Test
    void anUnknownModelIsMetWithTheNearestOne() {
        expect(run("generate", "-m", "opt-1.3", "--ids", "2"), ExitCode.MODEL, "opt-1.3b");
    }

    @Test
    void aModelThatWasNotFetchedIsAMissingModel() {
        expect(run("generate", "-m", "opt-125m", "--ids", "2"), ExitCode.MODEL, "facebook/opt-125m");
    }

    @Test
    void samplingOutOfRangeIsRefusedBeforeAModelIsLookedFor() {
        expect(run("generate", "-m", "opt-125m", "--ids", "2", "--min-p", "1"), ExitCode.USAGE, "min-p must be");
        expect(run("chat", "-m", "opt-125m", "--min-p", "1"), ExitCode.USAGE, "min-p must be");
    }

    @Test
    void aBadSettingNamesItsVariable() {
        var outcome =
                new Session(home).with("FLEXGEN_THREADS", "lots").run("score", "-m", model.toString(), "--ids", "2");

        expect(outcome, ExitCode.USAGE, "FLEXGEN_THREADS");
    }

    @Test
    void aBadSettingsFileIsNamed() throws IOException {
        Files.createDirectories(home.resolve(".config/flexgen-chat"));
        Files.writeString(home.resolve(".config/flexgen-chat/config.json"), "{\"thread\": 2}");

        expect(score(), ExitCode.USAGE, "config.json");
        expect(score(), ExitCode.USAGE, "threads");
    }

    @Test
    void idsOutOfRangeNameTheVocabulary() {
        expect(run("generate", "-m", model.toString(), "--ids", "2,931"), ExitCode.USAGE, "931");
        expect(run("score", "-m", model.toString(), "--ids", "-1"), ExitCode.USAGE, "-1");
    }

    @Test
    void aPromptLongerThanTheContextNamesBoth() {
        String ids = "2" + ",5".repeat(128);

        expect(run("generate", "-m", model.toString(), "--ids", ids), ExitCode.USAGE, "129");
        expect(run("score", "-m", model.toString(), "--ids", ids), ExitCode.USAGE, "128");
    }

    @Test
    void textWithoutATokenizerPointsToIds() throws IOException {
        Path bare = copy(golden, "bare");
        for (String file : List.of("tokenizer.json", "vocab.json", "merges.txt")) {
            Files.deleteIfExists(bare.resolve(file));
        }

        expect(run("generate", "-m", bare.toString(), "--prompt", "hello"), ExitCode.MODEL, "--ids");
        expect(new Session(home).typing("hello\n").run("chat", "-m", bare.toString()), ExitCode.MODEL, "tokenizer");
        assertThat(run("generate", "-m", bare.toString(), "--ids", "2,5", "--max-new-tokens", "3")
                        .out())
                .matches("\\d+,\\d+,\\d+\n");
    }

    @Test
    void aGarbledTokenizerIsADamagedModel() throws IOException {
        Files.writeString(model.resolve("tokenizer.json"), "{\"version\": 1,");

        expect(run("generate", "-m", model.toString(), "--prompt", "hello"), ExitCode.MODEL, "tokenizer.json");
    }

    @Test
    void aBadLineOfAFileIsNamedBeforeAnythingIsComputed() throws IOException {
        Files.writeString(home.resolve("prompts.jsonl"), "{\"ids\": [2,5]}\n\n{\"ids\": [2,\n");

        var outcome =
                run("generate", "-m", model.toString(), "--input", "prompts.jsonl", "--max-new-tokens", "2", "--json");

        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(outcome.err())
                .startsWith("flexgen-chat: line 3 of prompts.jsonl")
                .hasLineCount(1);
    }

    @Test
    void aLineThatTheModelCannotTakeIsNamedToo() {
        var outcome =
                new Session(home).typing("{\"ids\": [2,50000]}\n").run("score", "-m", model.toString(), "--input", "-");

        assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(outcome.err())
                .startsWith("flexgen-chat: line 1 of standard input: Token id 50000")
                .endsWith("flexgen-chat: 1 of 1 prompts failed\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{\"model_type\": \"opt\"}", "[]", "{\"model_type\": \"bert\"}", "\u0000"})
    void damagedConfigsAreInvalidModels(String config) throws IOException {
        Files.writeString(model.resolve("config.json"), config);

        expect(score(), ExitCode.MODEL, config.contains("bert") ? "bert" : "config.json");
    }

    @Test
    void missingFilesAreInvalidModels() throws IOException {
        Files.delete(model.resolve("model.safetensors"));
        expect(score(), ExitCode.MODEL, model.toString());

        Files.delete(model.resolve("config.json"));
        expect(score(), ExitCode.MODEL, "config.json");

        expect(run("score", "-m", home.resolve("nowhere").toString(), "--ids", "2"), ExitCode.MODEL, "nowhere");
        expect(
                run("score", "-m", golden.resolve("config.json").toString(), "--ids", "2"),
                ExitCode.MODEL,
                "config.json");
    }

    @Test
    void damagedSafetensorsAreInvalidModels() throws IOException {
        Path file = model.resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(file);
        int header = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(0);
        String json = new String(whole, 8, header, StandardCharsets.UTF_8);

        Files.write(file, new byte[0]);
        expect(score(), ExitCode.MODEL, "model.safetensors");
        Files.write(
                file,
                ByteBuffer.allocate(16)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, 1L << 60)
                        .array());
        expect(score(), ExitCode.MODEL, "model.safetensors");
        Files.write(file, Arrays.copyOf(whole, whole.length - 100));
        expect(score(), ExitCode.MODEL, "model.safetensors");
        for (String[] damage : new String[][] {
            {"\"dtype\":\"F32\"", "\"dtype\":\"I64\""},
            {"fc1.weight", "fc9.weight"},
            {"[148,60]", "[60,148]"},
            {"[148]", "[147]"},
        }) {
            assertThat(json).contains(damage[0]);
            byte[] broken = whole.clone();
            System.arraycopy(
                    json.replaceFirst(Pattern.quote(damage[0]), damage[1]).getBytes(StandardCharsets.UTF_8),
                    0,
                    broken,
                    8,
                    header);
            Files.write(file, broken);
            expect(score(), ExitCode.MODEL, model.toString());
        }
    }

    @Test
    void damagedTorchFilesAreInvalidModels() throws IOException {
        Path bin = copy(golden.resolveSibling("opt-f16-bin"), "bin");
        Path file = bin.resolve("pytorch_model.bin");
        byte[] whole = Files.readAllBytes(file);

        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        expect(run("score", "-m", bin.toString(), "--ids", "2"), ExitCode.MODEL, "pytorch_model.bin");
        Files.write(file, new byte[] {(byte) 0x80, 2, 'c', 'o', 's', '\n', 's', 'y', 's', 't', 'e', 'm', '\n', '.'});
        expect(run("score", "-m", bin.toString(), "--ids", "2"), ExitCode.MODEL, "pytorch_model.bin");
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        Path sharded = copy(golden.resolveSibling("opt-f32-sharded"), "sharded");
        Path shard;
        try (Stream<Path> files = Files.list(sharded)) {
            shard = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
        Files.delete(shard);

        expect(
                run("score", "-m", sharded.toString(), "--ids", "2"),
                ExitCode.MODEL,
                shard.getFileName().toString());
    }

    @Test
    void aClosedOutputEndsTheRunWithOneSentence() {
        var closed = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        var err = new ByteArrayOutputStream();
        var streams = new Streams(
                InputStream.nullInputStream(),
                closed,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                () -> false,
                () -> false);

        ExitCode code = new Session(home)
                .run(streams, "generate", "-m", model.toString(), "--ids", "2,5", "--max-new-tokens", "60");

        assertThat(code).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("flexgen-chat: standard output")
                .hasLineCount(1);
    }

    private Outcome score() {
        return run("score", "-m", model.toString(), "--ids", "2,5,9");
    }

    private Outcome run(String... arguments) {
        return new Session(home).run(arguments);
    }

    private static void expect(Outcome outcome, ExitCode code, String part) {
        assertThat(outcome.err()).startsWith("flexgen-chat: ").hasLineCount(1).contains(part);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(code);
    }

    private Path copy(Path folder, String name) throws IOException {
        Path target = Files.createDirectories(home.resolve(name));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }
}
