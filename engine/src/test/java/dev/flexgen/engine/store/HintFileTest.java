package dev.flexgen.engine.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hints are whole or not there, whoever writes them at the same time. */
@Timeout(60)
class HintFileTest {

    private static final int ROUNDS = 300;
    private static final HintFile FILE = new HintFile("hint.json", 1 << 20);

    @TempDir
    Path folder;

    /** As long as its writer's number says, so that half a file, or parts of two, would be noticed. */
    record Hint(int writer, List<Integer> numbers) {

        static Hint of(int writer) {
            int length = 100 + 2000 * writer;
            return new Hint(
                    writer, IntStream.range(0, length).mapToObj(_ -> writer).toList());
        }
    }

    @Test
    void twoWritersAndAReaderOfOneFile() throws Exception {
        FILE.write(folder, Hint.of(1));
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> all = new ArrayList<>();
            for (int writer = 1; writer <= 2; writer++) {
                Hint hint = Hint.of(writer);
                all.add(threads.submit(() -> IntStream.range(0, ROUNDS).forEach(_ -> FILE.write(folder, hint))));
            }
            all.add(threads.submit(() -> {
                for (int i = 0; i < ROUNDS; i++) {
                    Optional<Hint> read = FILE.read(folder, Hint.class);
                    assertThat(read).as("there is always one").isPresent();
                    assertThat(read.orElseThrow())
                            .isEqualTo(Hint.of(read.orElseThrow().writer()));
                }
            }));
            for (Future<?> one : all) {
                one.get();
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).as("no temporary file is left").containsExactly(folder.resolve("hint.json"));
        }
    }

    @Test
    void whatIsDamagedForeignOrTooLargeCountsAsNone() throws IOException {
        assertThat(FILE.read(folder, Hint.class)).isEmpty();
        Path file = folder.resolve("hint.json");
        for (String text : List.of("", "{", "[1]", "{\"writer\": \"x\"}", "null", "\u0000")) {
            Files.writeString(file, text);
            assertThat(FILE.read(folder, Hint.class)).as(text).isEmpty();
        }
        FILE.write(folder, Hint.of(2));
        assertThat(FILE.read(folder, Hint.class)).contains(Hint.of(2));
        assertThat(new HintFile("hint.json", Files.size(file) - 1).read(folder, Hint.class))
                .isEmpty();
    }

    @Test
    void aFolderThatCannotBeWrittenDoesWithout() throws IOException {
        Path inTheWay = Files.writeString(folder.resolve("file"), "x");
        FILE.write(inTheWay.resolve("below"), Hint.of(1));
        assertThat(FILE.read(inTheWay.resolve("below"), Hint.class)).isEmpty();
        assertThat(inTheWay).hasContent("x");
    }
}
