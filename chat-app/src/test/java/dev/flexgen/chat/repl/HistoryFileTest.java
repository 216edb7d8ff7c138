package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {

    @TempDir
    private Path state;

    private HistoryFile history() throws IOException {
        return HistoryFile.open(state);
    }

    private void contains(byte... bytes) throws IOException {
        Files.write(state.resolve("history"), bytes);
    }

    @Test
    void entriesComeBackAsTheyWere() throws IOException {
        List<String> entries = List.of("a\nb", "back\\slash\\n", "\\", "ends\\", "漢字 😀", "tab\tand\rreturn");
        for (String entry : entries) {
            history().append(entry);
        }
        assertThat(history().read()).containsExactlyElementsOf(entries);
    }

    @Test
    void bytesThatAreNoUtf8EndNothing() throws IOException {
        contains("caf\303\nhello\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(history().read()).containsExactly("caf\uFFFD", "hello");
    }

    @Test
    void anEntryCutOffDoesNotSwallowTheNext() throws IOException {
        contains("whole\nhal".getBytes(StandardCharsets.UTF_8));
        history().append("next");
        assertThat(history().read()).containsExactly("whole", "hal", "next");
    }

    @Test
    void aBackslashAtTheEndAndEmptyLinesAreNoTrap() throws IOException {
        contains("one\\\n\n\ntwo\\x\n\0\n".getBytes(StandardCharsets.UTF_8));
        assertThat(history().read()).containsExactly("one\\", "twox", "\0");
    }

    @Test
    void theOldestEntriesGoWhenThereAreTooMany() throws IOException {
        Files.writeString(
                state.resolve("history"),
                IntStream.range(0, 12_600).mapToObj(i -> "entry " + i + "\n").collect(Collectors.joining()));
        assertThat(history().read()).hasSizeBetween(9_990, 10_000).endsWith("entry 12598", "entry 12599");
        try (Stream<Path> files = Files.list(state)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("history", "history.lock");
        }
    }

    @Test
    void anEndlessFileIsReadFromItsEnd() throws IOException {
        String line = "x".repeat(1023) + "\n";
        Path file = state.resolve("history");
        for (int i = 0; i < 17; i++) {
            Files.writeString(file, line.repeat(1024), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        history().append("the last");
        assertThat(history().read()).last().isEqualTo("the last");
    }
}
