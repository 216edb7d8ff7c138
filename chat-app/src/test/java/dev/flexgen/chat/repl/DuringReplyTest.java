package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jline.terminal.Attributes.ControlChar;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a user sees and does while a reply is made. */
@Timeout(30)
class DuringReplyTest {

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

    private ChatSetup setup(Theme theme, Verbosity verbosity) {
        return TestSetup.of(model, state, theme, verbosity, _ -> {});
    }

    private void start(ChatSetup setup) throws InterruptedException {
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    private void start() throws InterruptedException {
        start(setup(Theme.PLAIN, Verbosity.QUIET));
    }

    private void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }

    @Test
    void aSlowReplyShowsThatItLivesAndALongOneRingsTheBell() throws Exception {
        model.saysAndHangs("Once upon ");
        var now = new AtomicLong();
        session.start(screen -> new Repl(setup(Theme.PLAIN, Verbosity.QUIET), screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        session.awaitText("Once upon");
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText("Once upon \u2026 25 s");
        session.await("the window's title", () -> session.sent().contains("\u001b]2;flexgen-chat: replying\u0007"));
        model.endHanging();
        leave();
        assertThat(session.lines()).isEqualTo("> hi\nOnce upon\n>");
        assertThat(session.sent()).contains("\u001b[23;2t\u001b]9;flexgen-chat: the reply is complete\u0007\u0007");
    }

    @Test
    void belowASlowReplyStandsALineThatIsGoneAfterwards() throws Exception {
        session.close();
        session = new ScreenSession("xterm", 60, 6);
        model.saysAndHangs("Once upon ").paced(10, 0, 2);
        var now = new AtomicLong();
        session.start(screen -> new Repl(setup(Theme.PLAIN, Verbosity.NORMAL), screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText(
                "Once upon \u2026 25 s\nopt-tiny \u00b7 writing \u00b7 25.0 s a token \u00b7 context 11/2048");
        session.type("next one");
        session.awaitText("Once upon \u2026 25 s\n[waiting: next one; Ctrl-U takes it back]\nopt-tiny \u00b7 writing");
        session.type("\u0015");
        session.awaitText("Once upon \u2026 25 s\nopt-tiny \u00b7 writing");
        model.endHanging();
        leave();
        assertThat(session.lines()).endsWith("> hi\nOnce upon\n[10 tokens, 4.5 tok/s, context 19/2048]\n>");
    }

    @Test
    void theShellFindsNoStatusLineWhenCtrlZStopsTheChat() throws Exception {
        var stopped = new CompletableFuture<String>();
        model.saysAndHangs("Once upon ");
        var now = new AtomicLong();
        session.onStop(() -> stopped.complete(session.lines()));
        session.start(screen -> new Repl(setup(Theme.PLAIN, Verbosity.NORMAL), screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText("Once upon \u2026 25 s\nopt-tiny \u00b7 writing");
        session.type(ScreenSession.CTRL_Z);
        assertThat(stopped.get(20, TimeUnit.SECONDS)).contains("> hi").doesNotContain("writing", "25 s");
        // The test's screen, unlike terminals, erases a whole line where the rest of one was meant.
        session.awaitText("\u2026 25 s\nopt-tiny \u00b7 writing");
        model.endHanging();
        leave();
    }

    @Test
    void aWindowThatShrinksHasAShorterStatusLine() throws Exception {
        model.saysAndHangs("Once upon ");
        var now = new AtomicLong();
        session.start(screen -> new Repl(setup(Theme.PLAIN, Verbosity.NORMAL), screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText("\nopt-tiny \u00b7 writing \u00b7 25.0 s a token");
        session.resize(20, 5);
        session.awaitText("\n25.0 s a token");
        session.resize(20, 4);
        session.await("no status line", () -> !session.lines().contains("a token"));
        model.endHanging();
        leave();
    }

    @Test
    void aPlainChatHasNoStatusLine() throws Exception {
        model.saysAndHangs("Once upon ");
        var now = new AtomicLong();
        var plain = setup(Theme.PLAIN, Verbosity.NORMAL);
        var setup = plain.with(plain.settings().with(SettingTable.PLAIN, "true", new SettingSource.Flag("--plain")));
        session.start(screen -> new Repl(setup, screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText("Once upon \u2026 25 s");
        model.endHanging();
        leave();
        assertThat(session.sent()).doesNotContain("writing");
    }

    @Test
    void theUserDecidesHowTheEndOfALongReplyIsTold() throws Exception {
        model.saysAndHangs("Once upon ");
        var now = new AtomicLong();
        var usual = setup(Theme.PLAIN, Verbosity.QUIET);
        var setup = usual.with(usual.settings().with(SettingTable.NOTIFY, "bell", new SettingSource.Flag("--notify")));
        session.start(screen -> new Repl(setup, screen, now::get).run());
        session.awaitPrompt();
        session.type("hi\r");
        model.awaitHanging();
        now.set(TimeUnit.SECONDS.toNanos(25));
        session.awaitText("Once upon \u2026 25 s");
        model.endHanging();
        leave();
        assertThat(session.sent()).contains("\u0007").doesNotContain("\u001b]");
    }

    @Test
    void repliesAreDressedOnATerminalWithColours() throws Exception {
        model.says("# Title\nSome **bold** text.");
        start(setup(Theme.ANSI, Verbosity.QUIET));
        session.type("hi\r");
        session.awaitText("Some bold text.");
        leave();
        assertThat(session.lines()).contains("Title\nSome bold text.");
        assertThat(session.sent()).contains("\u001b[1mbold\u001b[0m");
    }

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

    @Test
    void aMessageThatWillTakeLongSaysSoBeforeItIsSent() throws Exception {
        model.says("Hello there.").says("Yes.").paced(12, 24, 22);
        start();
        session.type("hi\r");
        session.awaitText("Hello there.");
        session.awaitPrompt();
        session.type("four");
        session.awaitText("~11 tokens, first word in 22 s, then 12 in 22 s");
        model.paced(12, 12, 22); // as if half of it had been read meanwhile; nobody types
        session.awaitText("~11 tokens, first word in 11 s, then 12 in 22 s");
        session.type("\r");
        session.awaitText("Yes.");
        leave();
        assertThat(session.lines()).isEqualTo("> hi\nHello there.\n> four\nYes.\n>");
    }

    @Test
    void aForecastStandsBelowADraftThatLeavesNoRoomForIt() throws Exception {
        model.says("Hello there.").says("Yes.").paced(12, 24, 22);
        start();
        session.type("hi\r");
        session.awaitText("Hello there.");
        session.awaitPrompt();
        String row = "x".repeat(60);
        session.type(row);
        session.awaitText("> " + row + "\n" + " ".repeat(80 - 48) + "~67 tokens, first word in 3 min, then 12 in 22 s");
        session.type(row);
        session.awaitText(
                "> " + "x".repeat(78) + "\n" + "x".repeat(42) + "\n" + " ".repeat(80 - 49) + "~127 tokens, first");
        session.type(ScreenSession.CTRL_U + "x".repeat(90));
        session.awaitText(
                "> " + "x".repeat(78) + "\n" + "x".repeat(12) + " ".repeat(80 - 12 - 48) + "~97 tokens, first");
        session.type("\r");
        session.awaitText("Yes.");
        leave();
        assertThat(session.lines()).endsWith("\n> " + "x".repeat(78) + "\n" + "x".repeat(12) + "\nYes.\n>");
    }
}
