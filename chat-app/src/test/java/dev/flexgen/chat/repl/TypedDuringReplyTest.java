package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes.ControlChar;
import org.junit.jupiter.api.Test;

/** What a user types while a reply is made: messages that wait, and keys that take them back or leave. */
class TypedDuringReplyTest extends ChatOnScreen {

    @Test
    void whatIsTypedDuringAReplyIsTheNextMessage() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("secund");
        session.awaitText("Hm  [waiting: secund; Ctrl-U takes it back]");
        session.type("\u007f\u007f\u007fond\r");
        session.awaitText("Hm  [waiting: second; Ctrl-U takes it back]");
        model.endHanging();
        session.awaitText("Fine.");
        leave();
        assertThat(model.prompts()).last().asString().endsWith("H: second\nA:");
        assertThat(session.lines()).contains("> second\nFine.").doesNotContain("waiting");
    }

    @Test
    void ctrlDDuringAReplyLeavesWhenWhatWaitsIsDone() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type(ScreenSession.CTRL_D);
        session.awaitText("Hm  [waiting: Ctrl-D, to leave; Ctrl-U takes it back]");
        session.type("\u0015second\r" + ScreenSession.CTRL_D);
        session.awaitText("[2 waiting, the last: Ctrl-D, to leave; ");
        model.endHanging();
        assertThat(session.awaitExit()).isZero();
        assertThat(session.lines()).contains("> second\nFine.");
    }

    @Test
    void aCtrlDBehindTwoMessagesCanBeTakenBackWhileTheFirstIsAnswered() throws Exception {
        model.saysAndHangs("Hm ").saysAndHangs("Two ").says("Three.").says("Four.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("second\rthird\r" + ScreenSession.CTRL_D);
        session.awaitText("[3 waiting, the last: Ctrl-D, to leave; ");
        model.endHanging();
        session.awaitText("> second\nTwo  [2 waiting, the last: Ctrl-D, to leave; ");
        session.type("\u0015" + "fourth\r");
        session.awaitText("[2 waiting, the last: fourth; ");
        model.endHanging();
        session.awaitText("Four.");
        leave();
        assertThat(session.lines()).contains("> third\nThree.\n> fourth\nFour.");
    }

    @Test
    void ctrlCDuringTheSecondOfThreeMessagesDoesNotSendTheThird() throws Exception {
        model.saysAndHangs("Hm ").saysAndHangs("Two ");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("second\rthird\r" + ScreenSession.CTRL_D);
        session.awaitText("[3 waiting, ");
        model.endHanging();
        session.awaitText("> second\nTwo");
        session.type(ScreenSession.CTRL_C);
        session.awaitText("[stopped]\n> third");
        session.type("\u0015");
        leave();
        assertThat(model.prompts()).hasSize(2);
    }

    @Test
    void messagesOfSeveralLinesAreHandedOnWhole() throws Exception {
        model.saysAndHangs("Hm ").says("Two.").says("Three.").says("Four.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("\"\"\"a\rb\"\"\"\r" + KeyListener.PASTE_BEGIN + "e\rf" + KeyListener.PASTE_END + "\rlast\r"
                + ScreenSession.CTRL_D);
        session.awaitText("Ctrl-D, to leave; ");
        model.endHanging();
        assertThat(session.awaitExit()).isZero();
        assertThat(model.prompts().stream()
                        .skip(1)
                        .map(prompt -> prompt.substring(prompt.lastIndexOf("H: ") + 3, prompt.lastIndexOf("\nA:"))))
                .containsExactly("a\nb", "e\nf", "last");
    }

    @Test
    void aCtrlDInFrontOfADraftMeansNothing() throws Exception {
        model.saysAndHangs("Hm ");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("@./nofile\r" + ScreenSession.CTRL_D + "more");
        session.awaitText("[3 waiting, the last: more; ");
        model.endHanging();
        session.awaitText("> @./nofilemore");
        session.type("\u0015");
        leave();
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void aCtrlDLeavesWhateverKeyDoesSoAtThePrompt() throws Exception {
        var modes = session.terminal().getAttributes();
        modes.setControlChar(ControlChar.VEOF, 5);
        session.terminal().setAttributes(modes);
        model.saysAndHangs("Hm ");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("\u0005");
        session.awaitText("[waiting: Ctrl-D, to leave; ");
        model.endHanging();
        assertThat(session.awaitExit()).isZero();
    }

    @Test
    void whatIsTypedBehindThatCtrlDIsNotSentAndSaidToBe() throws Exception {
        model.saysAndHangs("Hm ");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type(ScreenSession.CTRL_D + "one more\r");
        session.awaitText("[2 waiting, the last: one more; ");
        model.endHanging();
        assertThat(session.awaitExit()).isZero();
        assertThat(session.lines()).endsWith("[not sent: one more]");
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void ctrlDInALineMeansNothing() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("sec" + ScreenSession.CTRL_D + "ond\r");
        session.awaitText("[waiting: second; ");
        model.endHanging();
        session.awaitText("Fine.");
        leave();
    }

    @Test
    void ctrlCTakesACtrlDBackToo() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("second\r" + ScreenSession.CTRL_D + ScreenSession.CTRL_C);
        session.awaitText("> second");
        session.type("\r");
        session.awaitText("Fine.");
        leave();
    }

    @Test
    void ctrlZBeforeTheFirstPromptFindsTheScreenWithoutANotice() throws Exception {
        var happened = new LinkedBlockingQueue<String>();
        var over = new CountDownLatch(1);
        session.onStop(() -> happened.add("stopped"));
        session.start(screen -> {
            try (var _ = screen.listen(() -> {}, () -> happened.add("taken away"), () -> happened.add("back"))) {
                over.await();
                return 0;
            } catch (InterruptedException e) {
                return 1;
            }
        });
        session.await("a terminal whose keys are ours", () -> session.sent().contains("\u001b[?2004h"));
        session.type(ScreenSession.CTRL_Z);
        for (String wanted : List.of("taken away", "stopped", "back")) {
            assertThat(happened.poll(20, TimeUnit.SECONDS)).isEqualTo(wanted);
        }
        over.countDown();
        assertThat(session.awaitExit()).isZero();
    }

    @Test
    void ctrlCSendsNothingThatWaitedAndLosesNoneOfIt() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("second\rthird\r" + ScreenSession.CTRL_C);
        session.awaitText("[stopped]");
        session.awaitText("> second\n... third");
        assertThat(model.prompts()).hasSize(1);
        session.type("!\r");
        leave();
        assertThat(model.prompts()).hasSize(2).last().asString().endsWith("H: second\nthird!\nA:");
    }

    @Test
    void ctrlUDuringAReplyTakesTheLastWaitingMessageBack() throws Exception {
        model.saysAndHangs("Hm ").says("Fine.");
        start();
        session.type("first\r");
        model.awaitHanging();
        session.type("second\rthird\r\u0015");
        session.awaitText("[waiting: second; ");
        model.endHanging();
        session.awaitText("Fine.");
        leave();
        assertThat(model.prompts()).hasSize(2).last().asString().endsWith("H: second\nA:");
    }
}
