package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.SideBySide;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several answers on a screen, one of which is chosen. */
@Timeout(30)
class BestTest {

    @TempDir
    private Path state;

    private final ScriptedChatModel model = new ScriptedChatModel(2048);
    private ScreenSession session;

    @BeforeEach
    void start() throws Exception {
        session = ScreenSession.open();
        session.start(screen -> Repl.run(TestSetup.of(model, state, Theme.PLAIN, Verbosity.QUIET, _ -> {}), screen));
        session.awaitPrompt();
    }

    @AfterEach
    void close() throws IOException {
        session.close();
    }

    @Test
    void theChosenAnswerIsTheOneTheModelGoesOnWith() throws Exception {
        model.says("Red is it.").says("Blue, of course.").says("Indeed.");
        session.type("/best 2 colour?\r");
        session.awaitText("[1]                                    \u2502 [2]\nRed is it.");
        session.awaitText("which one? 1 to 2, 0 for none [1]");
        session.type("5\r");
        session.awaitText("There is no answer '5'.");
        session.type("2\r");
        session.awaitPrompt();
        session.type("sure?\r");
        session.awaitText("Indeed.");
        session.awaitPrompt();
        assertThat(model.prompts())
                .last()
                .isEqualTo("H: colour?\nA: Blue, of course.\nH: sure?\nA:".replace("A: B", "A:B"));
        session.type(ScreenSession.UP);
        session.awaitText("\n> sure?");
    }

    @Test
    void ctrlCKeepsNone() throws Exception {
        model.says("Red.").says("Blue.").says("Fine.");
        session.type("/best 2 colour?\r");
        session.awaitText("which one?");
        session.type(ScreenSession.CTRL_C);
        session.awaitText("[none of them was kept]");
        session.type("hi\r");
        session.awaitText("Fine.");
        assertThat(model.prompts()).last().isEqualTo("H: hi\nA:");
    }

    @Test
    void narrowTerminalsShowOneUnderTheOther() {
        assertThat(SideBySide.of(List.of("one two three", "four"), 12))
                .containsExactly("[1]", "one two", "three", "[2]", "four");
        assertThat(SideBySide.of(List.of("one two three", "four\n\nfive"), 64))
                .containsExactly(
                        "[1]                            \u2502 [2]",
                        "one two three                  \u2502 four",
                        "                               \u2502",
                        "                               \u2502 five");
    }
}
