package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The monitor during a reply and at the prompt, and the terminal behind it. */
@Timeout(30)
class MonitorTest {

    private static final String CTRL_T = "\u0014";

    @TempDir
    private Path state;

    private final ScriptedChatModel model = new ScriptedChatModel(2048);
    private ScreenSession session;

    @BeforeEach
    void openScreen() throws IOException {
        session = ScreenSession.open();
    }

    @AfterEach
    void closeScreen() throws IOException {
        session.close();
    }

    private void start(String monitor) throws InterruptedException {
        var usual = TestSetup.of(model, state, Theme.PLAIN, Verbosity.QUIET, _ -> {});
        var setup =
                usual.with(usual.settings().with(SettingTable.MONITOR, monitor, new SettingSource.Flag("--monitor")));
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    private void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }

    private void awaitMonitor() throws InterruptedException {
        session.awaitText("q back to the chat");
    }

    @Test
    void itComesAndGoesInAReplyWhoseTextFollows() throws Exception {
        model.saysAndHangs("Once upon ");
        start("false");
        session.type("hi\r");
        model.awaitHanging();
        session.awaitText("Once upon");
        session.type(CTRL_T);
        session.awaitText("opt-tiny, between two steps");
        session.type("q");
        session.await("the chat", () -> session.lines().equals("> hi\nOnce upon"));
        session.type(CTRL_T);
        awaitMonitor();
        model.endHanging();
        leave();
        assertThat(session.lines()).isEqualTo("> hi\nOnce upon\n>");
    }

    @Test
    void ctrlCInItStopsTheReply() throws Exception {
        model.saysAndHangs("Once upon ");
        start("false");
        session.type("hi\r");
        model.awaitHanging();
        session.type(CTRL_T);
        awaitMonitor();
        session.type(ScreenSession.CTRL_C);
        session.awaitText("Once upon [stopped]");
        leave();
    }

    @Test
    void keysBehindItsEscDoWhatTheyDoInAReply() throws Exception {
        model.saysAndHangs("Once upon ");
        start("false");
        session.type("hi\r");
        model.awaitHanging();
        session.type(CTRL_T);
        awaitMonitor();
        session.type("\u001bnexx\u007ft one" + ScreenSession.CTRL_C);
        session.awaitText("Once upon [stopped]\n> next one");
        session.type("\u0015");
        leave();
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void ctrlCInItSendsNothingThatWaits() throws Exception {
        model.saysAndHangs("Once upon ");
        start("false");
        session.type("hi\r");
        model.awaitHanging();
        session.type("next one\r" + CTRL_T);
        awaitMonitor();
        session.type(ScreenSession.CTRL_C);
        session.awaitText("Once upon [stopped]\n> next one");
        session.type("\u0015");
        leave();
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void withEveryReplyItComesByItselfAndKeepsTheText() throws Exception {
        model.saysAndHangs("Once upon ").says("Fine.");
        start("true");
        session.type("hi\r");
        awaitMonitor();
        model.endHanging();
        leave();
        assertThat(session.lines()).isEqualTo("> hi\nOnce upon\n>");
    }

    @Test
    void atThePromptItShowsTheModelAtRest() throws Exception {
        start("false");
        session.type("/monitor\r");
        session.awaitText("opt-tiny, at rest");
        session.type("q");
        session.awaitText("> /monitor\n>");
        session.type("still here");
        session.awaitText("> still here");
        session.type("\u0015");
        leave();
    }
}
