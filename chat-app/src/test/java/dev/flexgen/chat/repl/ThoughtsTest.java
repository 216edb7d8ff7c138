package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a model thinks before it answers, on a screen: here what is dim is underlined, which the screen can tell. */
@Timeout(30)
class ThoughtsTest {

    private static final Theme UNDERLINED =
            new Theme("", "\u001b[4m", "", "\u001b[1m", "\u001b[36m", "", "", "\u001b[0m");

    @TempDir
    private Path state;

    private final ScriptedChatModel model = new ScriptedChatModel(2048);
    private ScreenSession session;

    @BeforeEach
    void openScreen() throws IOException {
        session = new ScreenSession("xterm", 40, 16);
    }

    @AfterEach
    void closeScreen() throws IOException {
        session.close();
    }

    private void start(Theme theme) throws InterruptedException {
        var setup = TestSetup.of(model, state, theme, Verbosity.QUIET, _ -> {});
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    private void say(String message) throws Exception {
        session.type(message + "\r");
        session.awaitPrompt();
    }

    private void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }

    @Test
    void thoughtsAreDimWithoutTheirMarksAndTheAnswerFollowsBelow() throws Exception {
        model.says("<think>\nThe user says hi, so I say hi too, as people do.\n</think>\n\nHello, **you**! <think>");
        start(UNDERLINED);
        say("hi");
        leave();
        assertThat(session.lines()).isEqualTo("""
                > hi
                The user says hi, so I say hi too, as
                people do.

                Hello, you! <think>
                >""");
        assertThat(session.underlined()).isEqualTo("\nThe user says hi, so I say hi too, as\npeople do.");
    }

    @Test
    void foldedThoughtsAreOneDimLineAndCanBeShown() throws Exception {
        model.says("<think>\nThe user says hi.\n</think>\n\nHello, **you**!").says("No thoughts.");
        start(UNDERLINED);
        say("/show thoughts");
        say("/set thoughts folded");
        say("hi");
        say("/show thoughts");
        say("again");
        say("/show thoughts");
        leave();
        assertThat(session.lines())
                .containsSubsequence(
                        "[the last reply has no thoughts]",
                        "[thoughts is folded now, was shown]",
                        "> hi\n[thought for ",
                        "; /show thoughts]\n\nHello, you!\n",
                        "> /show thoughts\nThe user says hi.\n",
                        "> again\nNo thoughts.\n",
                        "[the last reply has no thoughts]");
    }

    @Test
    void withoutColoursThoughtsAreShownAsTheModelWritesThem() throws Exception {
        model.says("<think>\nAs people do.\n</think>\n\nHello, **you**!");
        start(Theme.PLAIN);
        say("hi");
        leave();
        assertThat(session.lines()).isEqualTo("""
                > hi
                <think>
                As people do.
                </think>

                Hello, **you**!
                >""");
    }

    @Test
    void thoughtsThatWereCutOffGoOnDim() throws Exception {
        model.says("<think> one two three").says(" four </think> Five.");
        start(UNDERLINED);
        say("/set max-new-tokens 16");
        say("hi");
        say("/set max-new-tokens 100");
        say("/more");
        leave();
        assertThat(session.lines()).contains("> hi\none two\n").endsWith("> /more\nfour\n\nFive.\n>");
        assertThat(session.underlined()).contains("\none two\n").endsWith("\nfour");
    }

    @Test
    void aReplyThatIsStoppedInItsThoughtsLeavesNothingDim() throws Exception {
        model.saysAndHangs("<think> hm ");
        start(UNDERLINED);
        session.type("hi\r");
        model.awaitHanging();
        session.type(ScreenSession.CTRL_C);
        leave();
        assertThat(session.lines()).isEqualTo("> hi\nhm [stopped]\n>");
        assertThat(session.underlined()).isEqualTo("\nhm [stopped]");
    }
}
