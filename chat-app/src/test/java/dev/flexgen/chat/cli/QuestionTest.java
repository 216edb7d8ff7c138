package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Streams;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuestionTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private boolean ask(InputStream in) {
        var print = new PrintStream(err, true, StandardCharsets.UTF_8);
        return Question.yes(new Streams(in, print, print, () -> true, () -> true), "Really?");
    }

    private static InputStream typed(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"y, true", "' YES ', true", "'', false", "n, false", "yesterday, false", "ja, false"})
    void onlyAClearYesIsOne(String answer, boolean yes) {
        assertThat(ask(typed(answer + "\n"))).isEqualTo(yes);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("Really? [y/N] ");
    }

    @Test
    void whoHangsUpHasNotAgreed() {
        assertThat(ask(typed(""))).isFalse();
    }

    @Test
    void whatIsTypedBehindTheAnswerIsLeftForOthers() throws IOException {
        InputStream in = typed("y\nhello");
        assertThat(ask(in)).isTrue();
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("hello");
    }
}
