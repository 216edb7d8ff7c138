package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A chat with a scripted model on a screen, for tests of what a user sees and types. */
@Timeout(30)
abstract class ChatOnScreen {

    @TempDir
    Path state;

    final ScriptedChatModel model = new ScriptedChatModel(2048);
    ScreenSession session;

    @BeforeEach
    void openScreen() throws IOException {
        session = ScreenSession.open();
    }

    @AfterEach
    void closeScreen() throws IOException {
        session.close();
    }

    ChatSetup setup(Theme theme, Verbosity verbosity) {
        return TestSetup.of(model, state, theme, verbosity, _ -> {});
    }

    void start(ChatSetup setup) throws InterruptedException {
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    void start() throws InterruptedException {
        start(setup(Theme.PLAIN, Verbosity.QUIET));
    }

    void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }
}
