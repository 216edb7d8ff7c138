package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jline.terminal.Attributes.LocalFlag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys that are not text, at the prompt and during a reply. */
@Timeout(60)
class KeysTest {

    private static final String CTRL_BACKSLASH = "\u001c";
    private static final char CTRL_O = 15;
    private static final char CTRL_V = 22;

    private static final List<String> EDITOR_KEYS = List.of("\u0007", "\u0018\u0005");

    private static final String PASTE = "\u001b[200~%s\u001b[201~";

    /** Keys of the Linux console, a mouse, and what terminals answer to programs that ran before: colours, names, pictures. */
    private static final String MORE_UNKNOWN = "\u001b[[A\u001b[[E\u001b[<35;1;1M\u001b[>0;1c"
            + "\u001b]11;rgb:0/0/0\u001b\\\u001b]4;1;rgb:0/0/0\u0007\u001bP1+r544e=78\u001b\\\u001b_Gi=1;OK\u001b\\";

    @TempDir
    private Path state;

    private final ScriptedChatModel model = new ScriptedChatModel(2048);
    private final List<String> stops = Collections.synchronizedList(new ArrayList<>());
    private ScreenSession session;

    @BeforeEach
    void start() throws Exception {
        session = ScreenSession.open();
        session.onStop(() -> stops.add(
                session.terminal().getAttributes().getLocalFlag(LocalFlag.ICANON) ? "the shell's modes" : "raw"));
        var setup = TestSetup.of(model, state, Theme.PLAIN, Verbosity.QUIET, _ -> {});
        session.start(screen -> Repl.run(setup, screen));
        session.awaitPrompt();
    }

    @AfterEach
    void closeScreen() throws IOException {
        session.close();
    }

    private void leave() throws Exception {
        session.awaitPrompt();
        session.type(ScreenSession.CTRL_D);
        assertThat(session.awaitExit()).isZero();
    }

    /** What the model was asked, without the turns before. */
    private List<String> messages() {
        return model.prompts().stream()
                .map(prompt -> prompt.substring(prompt.lastIndexOf("H: ") + 3, prompt.lastIndexOf("\nA:")))
                .toList();
    }

    @Test
    void ctrlZInAReplyKeepsWhatWasTypedAheadFromTheShell() throws Exception {
        model.saysAndHangs("Once ").says("Done.");
        session.type("go\r");
        model.awaitHanging();
        session.type("rm -rf everything\r" + ScreenSession.CTRL_Z + "and more\r");
        session.await("the stop", () -> stops.equals(List.of("the shell's modes")));
        model.endHanging();
        session.awaitText("> and more");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("go", "rm -rf everything", "and more");
    }

    @Test
    void ctrlZAtThePromptKeepsTheDraft() throws Exception {
        session.type("my draft" + ScreenSession.CTRL_Z);
        session.await("the stop", () -> stops.equals(List.of("the shell's modes")));
        session.await("the draft again", () -> session.lines().endsWith("> my draft\n> my draft"));
        session.type("s\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("my drafts");
    }

    @Test
    void controlCharactersInAPasteAreText() throws Exception {
        model.saysAndHangs("Once ");
        session.type("go\r");
        model.awaitHanging();
        session.type(PASTE.formatted("one\r\u001atwo\r\u0003three\r"));
        model.endHanging();
        session.awaitText("three");
        session.type("\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(stops).isEmpty();
        assertThat(messages()).containsExactly("go", "one\n\u001atwo\n\u0003three");
    }

    @Test
    void keysBehindCtrlCBelongToTheNextLine() throws Exception {
        session.type("old text" + ScreenSession.CTRL_C + "new text\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("new text");
    }

    @Test
    void ctrlBackslashDoesNothing() throws Exception {
        model.saysAndHangs("Once ");
        session.type("one" + CTRL_BACKSLASH + " two\r");
        model.awaitHanging();
        session.type(CTRL_BACKSLASH + "three\r");
        model.endHanging();
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("one two", "three");
    }

    @Test
    void ctrlXCtrlEKeepsTheDraft() throws Exception {
        session.type("my draft\u0018\u0005s\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("my drafts");
        assertThat(session.lines()).doesNotContain("Exception");
    }

    @Test
    void anEnterWithShiftControlOrAltIsANewLine() throws Exception {
        session.type("1\u001b[13;2u2\u001b[27;2;13~3\u001b[13;5u4\u001b[27;5;13~5\u001b\r6\u001b[13u");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("1\n2\n3\n4\n5\n6");
    }

    /** A name that Tab completes, a line of the history, a page from the web: what is on the prompt only looks like itself. */
    @Test
    void whatIsOnThePromptDoesNothingToTheTerminal() throws Exception {
        session.type(PASTE.formatted("a\u009b31m\u0085b\u202ec\u2028d\u200be\u0007f\u001b]2;t\u0007g") + "\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(session.sent()).doesNotContainPattern("[\u0007\u0080-\u009f\u202e\u2028\u200b]|\u001b\\]");
    }

    /** An accent, Thai vowels and tones, a Korean syllable in its parts, an emoji of two chars before and behind them. */
    @Test
    void marksThatJoinTheirLetterAreShown() throws Exception {
        String text = "\ud83d\ude00cafe\u0301 \u0e17\u0e35\u0e48 \u1112\u1161\u11ab \ud83d\ude00";
        session.type(PASTE.formatted(text) + "\u0001\u0006\u0006\u0006x\u0005\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly(text.replace("caf", "caxf"));
        assertThat(session.sent()).contains("cafe\u0301 \u0e17\u0e35\u0e48 \u1112\u1161\u11ab \ud83d\ude00");
    }

    @Test
    void pastesKeepTheirLinesWhateverTheirLineEnds() throws Exception {
        session.type(PASTE.formatted("a\r\nb\r\n\r\nc\rd\ne\u2028f") + "\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("a\nb\n\nc\nd\ne\nf");
    }

    @Test
    void keysThatNothingIsBoundToTypeNothing() throws Exception {
        String unknown = "\u001b[24;5~\u001b[1;9P\u001b[I\u001b[O\u001b[<0;1;2M\u001b[57399u\u001b[?62;22c\u001bOz";
        session.type("a" + unknown + "b\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("ab");
    }

    @Test
    void answersOfTheTerminalTypeNothing() throws Exception {
        session.type("a" + MORE_UNKNOWN + "b\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("ab");
    }

    @Test
    void duringAReplyNeitherKeysNorAnswersOfTheTerminalAreText() throws Exception {
        model.saysAndHangs("Once ");
        session.type("go\r");
        model.awaitHanging();
        session.type("a" + MORE_UNKNOWN + "b" + ScreenSession.CTRL_C);
        session.awaitText("> ab");
        session.type("c\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("go", "abc");
    }

    /** Alt-] and such are keys of the user's too, whatever is typed behind them, and type what they did. */
    @Test
    void whatOnlyBeginsLikeAnAnswerIsKept() throws Exception {
        session.type("a\u001b]b\u001b_c\u001b]52 apples\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("a]b_c]52 apples");
    }

    @Test
    void aCapitalBehindAnEscapeStaysOne() throws Exception {
        session.type("one \u001bQuick\r");
        session.awaitText("nothing scripted");
        session.awaitPrompt();
        session.type("two words\u001bB\u001bBx\r");
        session.await("both", () -> model.prompts().size() == 2);
        leave();
        assertThat(messages()).containsExactly("one Quick", "xtwo words");
    }

    @Test
    void theInsertKeyIsForOneMessage() throws Exception {
        session.type("abc\u001b[2~\u0001x\r");
        session.awaitText("nothing scripted");
        session.awaitPrompt();
        session.type("abc\u0001x\r");
        session.await("both", () -> model.prompts().size() == 2);
        leave();
        assertThat(messages()).containsExactly("xbc", "xabc");
    }

    @Test
    void ctrlGGivesASearchUp() throws Exception {
        session.type("first\r");
        session.awaitText("nothing scripted");
        session.awaitPrompt();
        session.type("draft\u0012fir");
        session.awaitText("bck-i-search: fir");
        session.type("\u0007s\r");
        session.await("both", () -> model.prompts().size() == 2);
        leave();
        assertThat(messages()).containsExactly("first", "drafts");
    }

    @Test
    void arrowsWorkInBothOfTheirSpellings() throws Exception {
        session.type("bd\u001b[Dc\u001bOD\u001bODa\u001b[Fe\u001bOHx\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("xabcde");
    }

    @Test
    void noKeyEndsTheChatOrShowsItsInsides() throws Exception {
        for (char second = 0; second < 128; second++) {
            for (String key : List.of("" + second, "\u001b" + second, "\u0018" + second)) {
                if (EDITOR_KEYS.contains(key)) {
                    continue; // the editor has the terminal then, and Ctrl-C is its own
                }
                session.type("draft" + key);
                session.type("\u0001" + ScreenSession.CTRL_C);
                session.awaitPrompt();
            }
        }
        session.type("the end\r");
        session.awaitText("> the end\nnothing scripted");
        leave();
        assertThat(messages()).last().isEqualTo("the end");
        assertThat(session.sent()).doesNotContain("Exception", "\tat ", "No such widget");
    }

    /**
     * But the one that takes the next character as it is, those that send, whose reply may end before the Ctrl-C comes, and those
     * that start the editor, also behind an Escape that begins no key: the Ctrl-C may be the editor's.
     */
    @Test
    void ctrlCIsOneBehindEveryKey() throws Exception {
        var exempt = List.of(CTRL_V, '\r', '\n', CTRL_O);
        List<String> lost = new ArrayList<>();
        for (char last = 0; last < 128; last++) {
            for (String key :
                    List.of("" + last, "\u001b" + last, "\u0018" + last, "\u001b[" + last, "\u001bO" + last)) {
                if (EDITOR_KEYS.stream().noneMatch(key::endsWith)
                        && !exempt.contains(last)
                        && !key.equals("\u001bOM")) {
                    session.type("draft" + key);
                    session.type(ScreenSession.CTRL_C);
                    if (!session.promptWithin(800)) {
                        lost.add(printable(key) + ", with this on the screen:\n" + session.lines());
                        session.type(ScreenSession.CTRL_C);
                        session.awaitPrompt("behind " + printable(key));
                    }
                }
            }
        }
        assertThat(lost).isEmpty();
    }

    private static String printable(String key) {
        return key.chars().mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    @Test
    void anEscapeAloneMakesNoAltKeyOfTheNext() throws Exception {
        model.saysAndHangs("Once ");
        session.type("go\r");
        model.awaitHanging();
        session.type("one two\u001b");
        Thread.sleep(400);
        session.type("b");
        model.endHanging();
        session.awaitText("> one twob");
        session.type("\u001b");
        Thread.sleep(1000);
        session.type("b\r");
        session.awaitText("nothing scripted");
        leave();
        assertThat(messages()).containsExactly("go", "one twobb");
    }

    @Test
    void anArrowEndsASearchAndTypesNothing() throws Exception {
        session.type("first\r");
        session.awaitText("nothing scripted");
        session.awaitPrompt();
        session.type("\u0012fir");
        session.awaitText("bck-i-search: fir");
        session.type("\u001b[D\u001bOD!\r");
        leave();
        assertThat(messages()).hasSize(2).last().asString().contains("!").doesNotContain("[");
    }
}
