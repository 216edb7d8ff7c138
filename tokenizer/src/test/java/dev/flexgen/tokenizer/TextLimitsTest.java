package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Texts that are too much for a tokenizer end in a sentence, and the tokenizer goes on. */
@Timeout(60)
class TextLimitsTest {

    @TempDir
    Path folder;

    @Test
    void aTextOfMoreThanAMillionCharactersIsRefused() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            assertThatThrownBy(() -> tokenizer.encode("a".repeat(Texts.LONGEST + 1)))
                    .isInstanceOfSatisfying(
                            TokenizerException.class, e -> assertThat(e.kind()).isEqualTo(TokenizerException.Kind.TEXT))
                    .hasMessage("The text has 1048577 characters, but at most 1048576 can be split into tokens at once:"
                            + " shorten it or send it in parts.");
            assertThat(tokenizer.decode(tokenizer.encode("fine"))).isEqualTo("fine");
        }
    }

    @Test
    void halvesOfCharactersBecomeReplacementCharactersAndNothingElseChanges() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            assertThat(tokenizer.decode(tokenizer.encode("🙂 a\uD83Db\uDE42 é")))
                    .isEqualTo("🙂 a\uFFFDb\uFFFD é");
            assertThat(tokenizer.decode(tokenizer.encode("\uD83D"))).isEqualTo("\uFFFD");
        }
    }

    @Test
    void aPatternThatIsSlowOnATextIsGivenUp() throws InterruptedException {
        WatchedCalls calls = new WatchedCalls(Duration.ofMillis(20));
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> calls.call(5000, () -> waited(end)))
                    .isInstanceOf(TokenizerException.class)
                    .hasMessageStartingWith("It takes too long to split this text of 5000 characters into tokens");
        }
        assertThat(calls.anyGivenUp()).isTrue();
        // No third thread is given up; short texts still go through.
        assertThatThrownBy(() -> calls.call(5000, () -> 1)).isInstanceOf(TokenizerException.class);
        assertThat(calls.<Integer>call(5, () -> 7)).isEqualTo(7);
        end.countDown();
    }

    @Test
    void aWatchedCallReturnsAndThrowsAsIfItWereNotWatched() {
        WatchedCalls calls = new WatchedCalls();
        Thread.currentThread().interrupt();
        assertThat(calls.<Integer>call(5000, () -> 7)).isEqualTo(7);
        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(() -> calls.call(5000, () -> {
                    throw new IllegalStateException("x");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("x");
        assertThat(calls.anyGivenUp()).isFalse();
    }

    /** A regular expression that explodes on exactly this kind of text; the library ended the process over it. */
    @Test
    void anExplodingPatternIsRefusedBeforeAnyText() {
        TestFolders.write(
                folder,
                "tokenizer.json",
                TestFolders.text(TestFolders.golden("gpt2").resolve("tokenizer.json"))
                        .replace(
                                "\"pre_tokenizer\":{\"type\":\"ByteLevel\"",
                                "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a+)+$\"},"
                                        + "\"behavior\":\"Isolated\",\"invert\":false},\"x\":{\"type\":\"ByteLevel\""));
        assertThatThrownBy(() -> TestFolders.open(folder))
                .isInstanceOf(TokenizerException.class)
                .hasMessage(
                        folder.resolve("tokenizer.json") + " cannot be used: the member pattern of its pre_tokenizer"
                                + " Split has a regular expression that is not let through (at its character 4 it has an"
                                + " unbounded repetition, or nothing at all, in a group). Fetch the model's tokenizer files"
                                + " again, or use another model.");
    }

    private static int waited(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return 0;
    }
}
