package dev.flexgen.chat.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.demo.Tape.Action;
import dev.flexgen.chat.demo.Tape.Step;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jline.terminal.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TapeReaderTest {

    private static Tape read(String text) {
        return TapeReader.read("x.tape", text);
    }

    private static List<Action> actions(String text) {
        return read(text).steps().stream().map(Step::action).toList();
    }

    @Test
    void aTapeOfVhsIsUnderstood() {
        Tape tape = read("""
                # as in VHS's own examples
                Require flexgen-chat
                Set FontSize 22
                Set Width 1200
                Set Height 600
                Set TypingSpeed 75ms
                Hide
                Type "flexgen-chat -m demo" Sleep .5 Enter
                Wait+Screen@90s /help lists/
                Show
                Type@10ms 'say "hi"' "twice"   # a comment
                Enter 2
                Ctrl+C
                Left@20ms 3
                """);
        assertThat(tape.size()).isEqualTo(new Size(81, 18));
        assertThat(tape.steps().get(2).line()).isEqualTo(8);
        List<Action> actions = tape.steps().stream().map(Step::action).toList();
        assertThat(actions)
                .contains(
                        new Action.TypingSpeed(Duration.ofMillis(75)),
                        new Action.Show(false),
                        new Action.Sleep(Duration.ofMillis(500)),
                        new Action.Type("say \"hi\" twice", Optional.of(Duration.ofMillis(10))),
                        new Action.Press("Enter", "\r", 2, Optional.empty()),
                        new Action.Press("Ctrl+C", "\u0003", 1, Optional.empty()),
                        new Action.Press("Left", "\u001bOD", 3, Optional.of(Duration.ofMillis(20))));
        assertThat(actions.get(5)).isInstanceOfSatisfying(Action.Wait.class, wait -> {
            assertThat(wait.anywhere()).isTrue();
            assertThat(wait.timeout()).contains(Duration.ofSeconds(90));
            assertThat(wait.pattern().orElseThrow().pattern()).isEqualTo("help lists");
        });
    }

    @Test
    void directivesStandInComments() {
        Tape tape = read("""
                #@ title Hello, world
                #@ set temperature 0.5
                #@ size 100x30
                Type "a/b"
                #@ pace 30
                #@ expect /a/b/
                #@ expect not /c/
                """);
        assertThat(tape.title()).isEqualTo("Hello, world");
        assertThat(tape.settings()).isEqualTo(Map.of("temperature", "0.5"));
        assertThat(tape.size()).isEqualTo(new Size(100, 30));
        assertThat(tape.steps().get(1).action()).isEqualTo(new Action.Pace(30));
        assertThat(tape.steps().get(2).action()).isInstanceOfSatisfying(Action.Expect.class, expect -> {
            assertThat(expect.pattern().pattern()).isEqualTo("a/b");
            assertThat(expect.wanted()).isTrue();
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "Ctrl+a|\u0001",
                "Ctrl+[|\u001b",
                "Ctrl+Alt+x|\u001b\u0018",
                "Ctrl+Left|\u001b[1;5D",
                "Alt+Enter|\u001b\r",
                "Alt+5|\u001b5",
                "Shift+Tab|\u001b[Z",
                "Shift+q|Q",
                "Backspace|\u007f",
                "PageDown|\u001b[6~"
            })
    void keysAreWhatATerminalSends(String command, String keys) {
        assertThat(actions(command))
                .singleElement()
                .isInstanceOfSatisfying(
                        Action.Press.class, press -> assertThat(press.keys()).isEqualTo(keys));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Typ \"x\"             -> unknown command 'Typ'; there are: Type, Sleep, Wait, Set",
                "Type hello            -> Type wants a text in \"\", '' or ``, not 'hello'",
                "Type                  -> Type wants a text in \"\", '' or ``, and nothing follows",
                "Type \"never ends     -> nothing ends what begins at \"never ends",
                "Sleep                 -> Sleep wants a time such as 500ms, 2s or 1m, and nothing follows",
                "Sleep long            -> Sleep wants a time such as 500ms, 2s or 1m, not 'long'",
                "Sleep 5h              -> Sleep wants a time",
                "Sleep 99999999999m    -> is longer than 10m",
                "Enter@9m 1000 x       -> unknown command 'x'",
                "Enter 0               -> Enter wants a whole number from 1 to 1000, not '0'",
                "Enter 1.5             -> Enter wants a whole number from 1 to 1000, not '1.5'",
                "Set                   -> Set knows Width, Height, TypingSpeed, WaitTimeout and WaitPattern",
                "Set Wdth 80           -> not 'Wdth'",
                "Set Width 3           -> Set Width wants a whole number from 20 to 10000, not '3'",
                "Set Height big        -> Set Height wants a whole number from 5 to 10000, not 'big'",
                "Set TypingSpeed fast  -> Set TypingSpeed wants a time",
                "Wait /(/              -> /(/ is no pattern: Unclosed group",
                "Wait+Word /x/         -> Wait+ goes with Screen or Line, not 'Word'",
                "Ctrl+                 -> Ctrl+ wants a key, as in Ctrl+C",
                "Ctrl                  -> Ctrl wants + and a key, as in Ctrl+C",
                "Ctrl+Z                -> Ctrl+Z would stop the program that plays the tape",
                "Ctrl+1                -> there is no key 'Ctrl+1'",
                "Alt+Nothing           -> there is no key 'Alt+Nothing'",
                "Output x.gif          -> Output is not obeyed; to record: flexgen-chat demo FILE --record OUT.cast",
                "Source other.tape     -> unknown command 'Source'",
                "+                     -> a command is expected, not '+'",
                "#@ nonsense           -> unknown directive 'nonsense'; behind #@ there can be: title TEXT, set NAME VALUE",
                "#@                    -> unknown directive ''",
                "#@ set nonsense 3     -> there is no setting 'nonsense'",
                "#@ set temperature hot -> temperature must be",
                "#@ size 3x3           -> #@ size wants columns and rows such as 80x24, at least 20x5, not '3x3'",
                "#@ pace -1            -> #@ pace wants a whole number from 0 to 100000",
                "#@ expect x           -> #@ expect wants a pattern such as /tok.s/",
                "#@ expect /[/         -> /[/ is no pattern",
                "Type \"\u001b[2J\"    -> U+001B is no text; keys have names: Backspace"
            })
    void aFaultNamesFileAndLineAndWhatIsAllowed(String line) {
        String[] parts = line.split(" +-> ", 2);
        assertThatThrownBy(() -> read("# the first line\n" + parts[0] + "\nType \"last\""))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("x.tape, line 2: ")
                .hasMessageContaining(parts[1]);
    }

    @Test
    void whatShapesTheTerminalStandsBeforeTheFirstKey() {
        assertThatThrownBy(() -> read("Enter\nSet Width 90"))
                .hasMessage("x.tape, line 2: Set Width must stand before the first key");
        assertThatThrownBy(() -> read("Enter\n\n#@ set seed 3"))
                .hasMessage("x.tape, line 3: #@ set must stand before the first key");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n\n", "# nothing", "Sleep 1s"})
    void aTapeThatTypesNothingIsAFault(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("the tape types nothing");
    }
}
