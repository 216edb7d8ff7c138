package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.ConfigException;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class FailuresTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Failures failures = new Failures(new PrintStream(err, true, StandardCharsets.UTF_8));

    @Test
    void everyKindOfFailureHasItsExitCode() {
        assertThat(failures.report(CommandException.usage("x"), false)).isEqualTo(ExitCode.USAGE);
        assertThat(failures.report(CommandException.model("x"), false)).isEqualTo(ExitCode.MODEL);
        assertThat(failures.report(new ConfigException("x"), false)).isEqualTo(ExitCode.USAGE);
        assertThat(failures.report(new TokenizerException("x"), false)).isEqualTo(ExitCode.MODEL);
        assertThat(failures.report(TokenizerException.library("x", new Error()), false))
                .isEqualTo(ExitCode.DEVICE);
        assertThat(failures.report(EngineException.input("x"), false)).isEqualTo(ExitCode.USAGE);
        assertThat(failures.report(EngineException.model("x"), false)).isEqualTo(ExitCode.MODEL);
        assertThat(failures.report(EngineException.placement("x"), false)).isEqualTo(ExitCode.FIT);
        assertThat(failures.report(EngineException.device("x", new Error()), false))
                .isEqualTo(ExitCode.DEVICE);
        assertThat(failures.report(new OutOfMemoryError("x"), false)).isEqualTo(ExitCode.FIT);
        assertThat(failures.report(new IllegalStateException("x"), false)).isEqualTo(ExitCode.FAILURE);
    }

    @Test
    void aMessageOfSeveralLinesBecomesOne() {
        failures.report(new ConfigException("one\n  two\r\nthree\n"), false);

        assertThat(text()).isEqualTo("flexgen-chat: one two three\n");
    }

    @Test
    void theUnexpectedNamesItselfAndShowsItsTraceOnRequest() {
        failures.report(new IllegalStateException("odd"), false);
        assertThat(text()).contains("IllegalStateException: odd", "-v").hasLineCount(1);

        failures.report(new IllegalStateException("odd"), true);
        assertThat(text()).contains("\tat dev.flexgen.chat.FailuresTest");
    }

    @Test
    void cancelledWorkEndsWithoutAWord() {
        assertThat(failures.report(new CancellationException(), false)).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(text()).isEmpty();
    }

    @Test
    void aClosedOutputIsNamed() {
        assertThat(failures.report(new ClosedOutputException(), false)).isEqualTo(ExitCode.FAILURE);
        assertThat(text()).startsWith("flexgen-chat: standard output").hasLineCount(1);
    }

    @Test
    void noMessageSteersTheTerminal() {
        failures.report(new ConfigException("tensor \u001b[2J is missing"), false);

        assertThat(text()).isEqualTo("flexgen-chat: tensor \u241b[2J is missing\n");
    }

    private String text() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
