package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Session.Outcome;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packed models on the command line. */
class PackCommandTest {

    @TempDir
    Path home;

    private GoldenHub hub;
    private Session session;

    @BeforeEach
    void pull() throws IOException {
        hub = new GoldenHub("facebook/opt-125m");
        session = new Session(home).with("HF_ENDPOINT", hub.endpoint());
        assertThat(session.run("models", "pull", "opt-125m").exitCode()).isEqualTo(ExitCode.OK);
    }

    @AfterEach
    void close() {
        hub.close();
    }

    private String generated(String... options) {
        String[] words = Stream.concat(
                        Stream.of("generate", "-m", "opt-125m", "--ids", "2,5,9", "--max-new-tokens", "4"),
                        Stream.of(options))
                .toArray(String[]::new);
        Outcome outcome = session.run(words);
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        return outcome.out();
    }

    @Test
    void aPackedModelIsListedRunsWithoutItsSourceAndIsRemovedByName() {
        String unpacked = generated("--weights", "f16");
        Outcome packed = session.run("pack", "opt-125m", "--weights", "f16");
        assertThat(packed.exitCode()).as(packed.err()).isEqualTo(ExitCode.OK);
        assertThat(packed.out()).startsWith("opt-125m in f16: ").contains("facebook--opt-125m");
        assertThat(session.run("pack", "opt-125m").out()).startsWith("opt-125m in q4: ");

        assertThat(session.run("models").out().lines())
                .anyMatch(line -> line.matches("opt-125m +f16 .*"))
                .anyMatch(line -> line.matches("opt-125m +q4 .*"));
        assertThat(session.run("models", "show", "opt-125m").out()).contains("packed        f16, ");
        assertThat(generated("--weights", "f16")).isEqualTo(unpacked);

        Outcome removed = session.run("models", "rm", "opt-125m", "--yes");
        assertThat(removed.err()).contains("packed forms stay: f16, q4; remove them with --packed");
        assertThat(generated("--weights", "f16")).isEqualTo(unpacked);
        assertThat(generated()).isEqualTo(unpacked);
        assertThat(session.run("pack", "opt-125m", "--weights", "q8").exitCode())
                .isEqualTo(ExitCode.MODEL);

        Outcome gone = session.run("models", "rm", "opt-125m", "--packed", "f16", "--yes");
        assertThat(gone.out())
                .startsWith("removed the packed form f16 of opt-125m, ")
                .contains(" freed");
        assertThat(session.run("models", "rm", "opt-125m", "--packed", "all", "--yes")
                        .out())
                .contains("form q4 of");
        assertThat(session.run("generate", "-m", "opt-125m", "--ids", "2").exitCode())
                .isEqualTo(ExitCode.MODEL);
        assertThat(session.run("models", "rm", "opt-125m", "--packed", "q4", "--yes")
                        .err())
                .contains("opt-125m is not packed in q4; 'flexgen-chat models show opt-125m'");
    }

    @Test
    void aDamagedPackedModelIsPackedAgain() throws IOException {
        String expected = generated("--weights", "f16");
        String place = session.run("pack", "opt-125m", "--weights", "f16").out();
        Path weights = Path.of(place.substring(place.indexOf(" in /") + 4).strip(), "weights.bin");
        byte[] good = Files.readAllBytes(weights);
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.seek(file.length() / 2);
            file.write(good[good.length / 2] ^ 4);
        }
        Outcome outcome = session.run(
                "generate", "-m", "opt-125m", "--weights", "f16", "--ids", "2,5,9", "--max-new-tokens", "4");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isEqualTo(expected);
        assertThat(outcome.err()).contains("weights.bin is damaged: the checksum of ");
        session.run("pack", "opt-125m", "--weights", "f16");
        assertThat(weights).hasBinaryContent(good);
    }

    @Test
    void aPullThatPacksKeepsThePackedModelAlone() throws IOException {
        String golden = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32-sharded"))
                .findFirst()
                .orElseThrow()
                .toString();
        String expected = session.run(
                        "generate", "-m", golden, "--weights", "f16", "--ids", "2,5,9", "--max-new-tokens", "4")
                .out();
        try (GoldenHub sharded = new GoldenHub("facebook/opt-350m", "opt-f32-sharded")) {
            Session other = session.with("HF_ENDPOINT", sharded.endpoint());
            Outcome pulled = other.run("models", "pull", "facebook/opt-350m", "--pack", "f16");
            assertThat(pulled.exitCode()).as(pulled.err()).isEqualTo(ExitCode.OK);
            assertThat(other.run("models", "list").out()).doesNotContainPattern("opt-350m .* yes +yes");
            try (Stream<Path> files = Files.walk(home)) {
                assertThat(files.map(Path::toString).filter(it -> it.contains("opt-350m")))
                        .isNotEmpty()
                        .noneMatch(it -> it.contains("arriving") || it.endsWith(".safetensors"));
            }
            assertThat(other.run("generate", "-m", "facebook/opt-350m", "--ids", "2,5,9", "--max-new-tokens", "4")
                            .out())
                    .isEqualTo(expected);
            int requests = sharded.hub().requests().size();
            assertThat(other.run("models", "pull", "facebook/opt-350m", "--pack", "f16")
                            .exitCode())
                    .isEqualTo(ExitCode.OK);
            assertThat(sharded.hub().requests().size() - requests)
                    .as("nothing is fetched again")
                    .isLessThan(5);

            // the same files, if they come one day, need no packing
            assertThat(other.run("models", "pull", "facebook/opt-350m").exitCode())
                    .isEqualTo(ExitCode.OK);
            assertThat(other.run("pack", "facebook/opt-350m", "--weights", "f16")
                            .err())
                    .isEmpty();
        }
        assertThat(session.run("models", "pull", "opt-125m", "--pack", "q5").err())
                .contains("--pack is ", "it is f16, q8, q4 or q3");
    }

    @Test
    void whatCannotBePackedIsSaid() {
        assertThat(session.run("pack", "opt-125m", "--weights", "native").err())
                .contains("weights as stored are not packed; say --weights f16, q8, q4 or q3");
        assertThat(session.run("models", "rm", "opt-125m", "--packed", "q5", "--yes")
                        .err())
                .contains("--packed is ", "it is f16, q8, q4, q3 or all");
        assertThat(session.run("pack", "opt-1.3b").err()).contains("models pull");
    }
}
