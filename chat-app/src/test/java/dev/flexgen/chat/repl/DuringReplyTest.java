package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a user sees and does while a reply is made. */
class DuringReplyTest extends ChatOnScreen {

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
