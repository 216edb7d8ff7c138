package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The thread that loads the library ahead writes into the caller's folder, so it has to end with the call. */
class LoaderThreadTest {

    @TempDir
    Path root;

    @Test
    void noThreadWritesAfterAnOpeningThatFailed() throws IOException {
        Files.writeString(root.resolve("tokenizer.json"), "{");

        assertThatThrownBy(() -> Tokenizers.open(root, root.resolve("cache"))).isInstanceOf(TokenizerException.class);

        assertThat(loaders()).isEmpty();
    }

    @Test
    void noThreadWritesAfterAnOpeningThatWorked() {
        try (Tokenizer tokenizer = Tokenizers.open(TestFolders.golden("gpt2"), root.resolve("cache"))) {
            assertThat(tokenizer.size()).isPositive();
            assertThat(loaders()).isEmpty();
        }
    }

    private static List<String> loaders() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter("tokenizer-library"::equals)
                .toList();
    }
}
