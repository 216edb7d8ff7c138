package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.Environment;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ReplTest {

    @TempDir
    private Path state;

    private final List<Integer> exits = Collections.synchronizedList(new ArrayList<>());
    private ScriptedChatModel model = new ScriptedChatModel(2048);
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
        return TestSetup.of(model, state, theme, verbosity, exits::add);
    }

    private void chatWithHistory(String history, String... lines) throws Exception {
        session.close();
        session = ScreenSession.open();
        var setup = setup(Theme.PLAIN, Verbosity.QUIET);
        start(setup.with(setup.settings().with(SettingTable.HISTORY, history, new SettingSource.Flag("--history"))));
        for (String line : lines) {
            session.type(line + "\r");
            session.awaitPrompt();
        }
    }

    @Test
    void theHistoryKeepsNoBareCommandsAndNothingBehindASpace() throws Exception {
        chatWithHistory("all", "one", "/help", " secret", "two");
        session.type(ScreenSession.UP + ScreenSession.UP);
        session.awaitText("\n> one");
        session.type("\u0015");
        leave();
        assertThat(state.resolve("history")).hasContent("one\ntwo\n");
    }

    @Test
    void theHistoryOfASessionStaysOutOfTheFile() throws Exception {
        chatWithHistory("session", "one");
        session.type(ScreenSession.UP);
        session.awaitText("nothing scripted\n> one");
        session.type("\u0015");
        leave();
        assertThat(state.resolve("history")).doesNotExist();
    }

    @Test
    void withoutAHistoryTheUpKeyFindsNothing() throws Exception {
        chatWithHistory("none", "one");
        session.type(ScreenSession.UP + "x");
        session.awaitText("\n> x");
        session.type("\u0015");
        leave();
        assertThat(state.resolve("history")).doesNotExist();
    }

    private void start() throws InterruptedException {
        start(setup(Theme.PLAIN, Verbosity.NORMAL));
    }

    private void start(ChatSetup setup) throws InterruptedException {
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    private void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }

    @Test
    void aTurnOnAnEightyColumnScreen() throws Exception {
        model.says("Hello! I am well, and I hope that this sentence is long enough to need a second line.");
        start();
        session.type("How are you?\r");
        leave();
        assertThat(session.lines()).isEqualTo("""
                opt-tiny, context 2048 tokens. /help lists commands and keys, Ctrl-D leaves.
                > How are you?
                Hello! I am well, and I hope that this sentence is long enough to need a
                second line.
                [85 tokens, 42.0 tok/s, context 104/2048]
                >""");
        assertThat(model.prompts()).containsExactly("H: How are you?\nA:");
    }

    @Test
    void quietShowsRepliesAlone() throws Exception {
        model.says("Yes.");
        start(setup(Theme.PLAIN, Verbosity.QUIET));
        session.type("Really?\r");
        leave();
        assertThat(session.lines()).isEqualTo("> Really?\nYes.\n>");
    }

    @Test
    void thePlainThemeSendsNoColours() throws Exception {
        model.says("Yes.");
        start();
        session.type("/nonsense\r");
        session.awaitText("no command /nonsense");
        session.type("Really?\r");
        leave();
        assertThat(session.sent()).doesNotContainPattern("\u001b\\[[0-9;]+m");
    }

    @Test
    void theAnsiThemeDimsRemarks() throws Exception {
        model.says("Yes.");
        start(setup(Theme.ANSI, Verbosity.NORMAL));
        session.type("Really?\r");
        leave();
        assertThat(session.sent()).contains("\u001b[2m[4 tokens, 1.5 tok/s, context 18/2048]\u001b[0m");
    }

    @Test
    void ctrlCStopsTheReplyAndKeepsWhatWasSaid() throws Exception {
        model.saysAndHangs("Once upon a time ").says("The end.");
        start();
        session.type("Tell me a story\r");
        model.awaitHanging();
        session.type(ScreenSession.CTRL_C);
        session.awaitText("[stopped]");
        session.awaitPrompt();
        session.type("Go on\r");
        leave();
        assertThat(model.prompts())
                .last()
                .asString()
                .contains("A:Once upon a time")
                .endsWith("H: Go on\nA:");
        assertThat(exits).isEmpty();
    }

    @Test
    void aLongWaitForTheFirstWordShowsProgressAndLeavesNoTrace() throws Exception {
        model.saysAndHangs("");
        start();
        session.type("hi\r");
        session.awaitText("waiting for the first word, 1 s");
        session.type(ScreenSession.CTRL_C);
        leave();
        assertThat(session.lines()).contains("> hi\n[stopped]\n").doesNotContain("waiting");
    }

    @Test
    void aSecondCtrlCLeavesWith130() throws Exception {
        model.saysAndHangs("Once ").stubborn(true);
        start();
        session.type("Tell me a story\r");
        model.awaitHanging();
        session.type(ScreenSession.CTRL_C);
        assertThat(exits).isEmpty();
        session.type(ScreenSession.CTRL_C);
        session.await("the exit", () -> exits.equals(List.of(130)));
        model.stubborn(false);
        assertThat(session.awaitExit()).isEqualTo(130);
    }

    @Test
    void aSecondCtrlCLongAfterTheFirstIsAFirst() {
        var now = new long[1];
        var interrupts = new Interrupts(() -> now[0], () -> exits.add(130));
        interrupts.begin();
        interrupts.interrupt();
        now[0] = 2_100_000_000L;
        interrupts.interrupt();
        assertThat(interrupts.leaving()).isFalse();
        assertThat(exits).isEmpty();
    }

    @Test
    void ctrlCAtThePromptClearsTheLineAndOnAnEmptyOneSaysHowToLeave() throws Exception {
        start();
        session.type("half a thought");
        session.awaitText("half a thought");
        session.type(ScreenSession.CTRL_C);
        session.awaitPrompt();
        assertThat(session.lines()).doesNotContain("Ctrl-D or /bye");
        session.type(ScreenSession.CTRL_C);
        session.awaitText("Ctrl-D or /bye to leave");
        leave();
        assertThat(model.prompts()).isEmpty();
    }

    @Test
    void severalWaysToWriteSeveralLines() throws Exception {
        model.says("1").says("2").says("3").says("4");
        start();
        session.type("one" + ScreenSession.ALT_ENTER + "two\r");
        session.awaitText("1\n[");
        session.awaitPrompt();
        session.type("three\\\rfour's\r");
        session.awaitText("2\n[");
        session.awaitPrompt();
        session.type("\"\"\"\rfive \\\r");
        session.awaitText("... five \\");
        session.type("\"six\r\"\"\"\r");
        session.awaitText("3\n[");
        session.awaitPrompt();
        session.type("\u001b[200~seven\reight\u001b[201~");
        session.awaitText("eight");
        session.type("\r");
        leave();
        assertThat(model.prompts())
                .satisfiesExactly(
                        p -> assertThat(p).endsWith("H: one\ntwo\nA:"),
                        p -> assertThat(p).endsWith("H: three\nfour's\nA:"),
                        p -> assertThat(p).endsWith("H: five \\\n\"six\nA:"),
                        p -> assertThat(p).endsWith("H: seven\neight\nA:"));
    }

    @Test
    void historySurvivesTheProcessAndIsPrivate() throws Exception {
        start();
        session.type("remember \"this\"" + ScreenSession.ALT_ENTER + "and 'that'!\r");
        leave();
        var file = state.resolve("history");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        session.close();
        session = ScreenSession.open();
        start();
        session.type(ScreenSession.UP);
        session.awaitText("and 'that'!");
        session.type("\r");
        leave();
        assertThat(model.prompts()).hasSize(2).last().asString().isEqualTo("H: remember \"this\"\nand 'that'!\nA:");
    }

    @Test
    void anUnwritableStateDirectoryIsNoReasonNotToTalk() throws Exception {
        state = Files.createFile(state.resolve("file")).resolve("below");
        model.says("Yes.");
        start();
        session.awaitText("What you type is not kept for the next time");
        session.type("Really?\r");
        session.awaitText("Yes.");
        leave();
    }

    @Test
    void commandsAreRunAndCompleted() throws Exception {
        start();
        session.type("/clra\r");
        session.awaitText("There is no command /clra; did you mean /clear?");
        session.awaitPrompt();
        session.type("/cl\t");
        session.awaitText("> /clear");
        session.type("\r");
        session.awaitText("[there was nothing to forget]");
        session.awaitPrompt();
        session.type("//usr\r");
        session.awaitText("nothing scripted");
        session.awaitPrompt();
        session.type("/bye\r");
        assertThat(session.awaitExit()).isZero();
        assertThat(model.prompts()).containsExactly("H: /usr\nA:");
    }

    @Test
    void ctrlGAndCtrlXCtrlEPutTheDraftIntoTheEditorAndBackOnThePrompt() throws Exception {
        var setup = TestSetup.of(model, state, Theme.PLAIN, Verbosity.NORMAL, exits::add);
        var editor = new Environment(Map.of("EDITOR", "sed -i s/teh/the/"), state, state);
        start(new ChatSetup(
                setup.partner(),
                setup.settings(),
                setup.commands(),
                setup.models(),
                setup.onStart(),
                editor,
                state,
                setup.theme(),
                setup.verbosity(),
                setup.exit()));
        session.type("teh cat\u0007");
        session.awaitText("> the cat");
        session.type(" teh end\u0018\u0005");
        session.awaitText("> the cat the end");
        session.type("\r");
        leave();
        assertThat(model.prompts()).containsExactly("H: the cat the end\nA:");
        assertThat(model.prompts()).hasSize(1);
    }

    @Test
    void aFileGoesIntoTheMessageAndOneThatIsMissingSendsNothing() throws Exception {
        Files.writeString(state.resolve("notes.txt"), "remember\n");
        start();
        session.type("sum up @no/tes.txt\r");
        session.awaitText("Nothing was sent: there is no file");
        session.awaitText("> sum up @no/tes.txt");
        session.type("\u0015sum up @not\t\r");
        leave();
        assertThat(model.prompts()).containsExactly("H: sum up notes.txt:\n```\nremember\n```\nA:");
    }

    @Test
    void aMessageTooLongIsRefusedInOneSentence() throws Exception {
        model = new ScriptedChatModel(128);
        start();
        session.type("m".repeat(130) + "\r");
        session.awaitText("This message has 136 tokens");
        session.awaitPrompt();
        session.type("short\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(model.prompts()).containsExactly("H: short\nA:");
    }

    @Test
    void escapeSequencesOfTheModelDoNothing() throws Exception {
        model.says("\u001b[2J\u001b]0;owned\u0007gone?");
        start();
        session.type("hi\r");
        session.awaitText("␛[2J␛]0;owned␇gone?");
        leave();
    }

    @Test
    void aRequestTheModelRefusesEndsTheTurnOnly() throws Exception {
        model.saysAndFails("So ", EngineException.input("no such id"));
        start();
        session.type("hi\r");
        session.awaitText("So\nno such id");
        leave();
    }

    @Test
    void modesAreRestoredWhenTheModelBreaks() throws Exception {
        model.saysAndFails("So ", new IllegalStateException("broken"));
        var before = session.terminal().getAttributes();
        start();
        assertThat(session.terminal().getAttributes()).isNotEqualTo(before);
        session.type("hi\r");
        assertThatThrownBy(session::awaitExit).hasRootCauseMessage("broken");
        assertThat(session.terminal().getAttributes().toString()).isEqualTo(before.toString());
    }

    @Test
    void modesAreRestoredOnLeaving() throws Exception {
        var before = session.terminal().getAttributes().toString();
        start();
        leave();
        assertThat(session.terminal().getAttributes().toString()).isEqualTo(before);
    }

    @Test
    void aDumbTerminalIsEnough() throws Exception {
        session.close();
        session = new ScreenSession("dumb", 80, 24);
        model.says("Yes.");
        session.start(screen -> Repl.run(setup(Theme.PLAIN, Verbosity.NORMAL), screen));
        session.awaitText(">");
        session.type("Really?\r");
        session.awaitText("Yes.");
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
        assertThat(session.sent()).doesNotContain("\u001b");
    }
}
