package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What people do most, in a real terminal, beside what {@link FirstRunIT} (the setup and the first reply) and {@link TerminalIT}
 * (several lines, Ctrl-C, the Up key, typing ahead, Ctrl-Z) do. Few programs are started, since that takes the time.
 */
@Tag("e2e")
class UsualPathsIT {

    @TempDir
    Path home;

    private Map<String, String> environment(Release release) {
        var environment = release.environment();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("FC", release.launcher().toString());
        return environment;
    }

    @Test
    void aChatAndTheNextDay() throws Exception {
        var release = Release.packaged(home);
        var environment = environment(release);
        Path editor = home.resolve("editor");
        Files.writeString(editor, "#!/bin/sh\nprintf 'What is my name?' >\"$1\"\n");
        assertThat(editor.toFile().setExecutable(true)).isTrue();
        environment.put("EDITOR", editor.toString());
        try (var terminal = new Tmux(home, environment)) {
            terminal.type("\"$FC\" -m demo --session day; echo code=$?");
            terminal.press("Enter");
            terminal.awaitPrompt();

            helpAndCompletion(terminal);
            settings(terminal);
            assertThat(terminal.say("My name is Ana.")).contains("Ana").contains("tok/s");
            aPaste(terminal);
            anEditor(terminal);
            takingBack(terminal);
            anotherModel(terminal);
            anotherSize(terminal);

            terminal.press("C-d");
            terminal.awaitText("code=0");
            terminal.type("clear; \"$FC\" -c; echo again=$?");
            terminal.press("Enter");
            terminal.awaitText("going on with the session 'day'");
            terminal.awaitPrompt();
            assertThat(terminal.say("What is my name?")).contains("Your name is Ana.");
            terminal.press("C-d");
            terminal.awaitText("again=0");
        }
    }

    private static void helpAndCompletion(Tmux terminal) throws Exception {
        terminal.type("/und");
        terminal.await("what was typed", screen -> Tmux.lastPrompt(screen).startsWith("> /und"));
        terminal.press("Tab");
        terminal.await("the command", screen -> Tmux.lastPrompt(screen).startsWith("> /undo"));
        terminal.press("C-u");
        terminal.awaitPrompt();
        assertThat(terminal.say("/help undo")).contains("/undo [N]");
        assertThat(terminal.say("/undoo")).contains("did you mean /undo?");
    }

    private static void settings(Tmux terminal) throws Exception {
        terminal.say("/set max-new-tokens 40");
        assertThat(terminal.say("/show settings")).containsPattern("max-new-tokens +40");
    }

    private static void aPaste(Tmux terminal) throws Exception {
        terminal.say("/clear");
        terminal.paste("My name is Ana.\nMy favourite colour is green.");
        // Nothing is sent before Enter.
        terminal.await("the paste", screen -> screen.contains("> My name is Ana.\n... My favourite colour is green."));
        terminal.press("Enter");
        terminal.await(
                "a reply",
                screen -> screen.substring(screen.indexOf("... My favourite")).contains("tok/s"));
        terminal.awaitPrompt();
        assertThat(terminal.say("What is my favourite colour?")).contains("Your favourite colour is green.");
    }

    private static void anEditor(Tmux terminal) throws Exception {
        terminal.press("C-g");
        terminal.await(
                "what the editor wrote", screen -> Tmux.lastPrompt(screen).startsWith("> What is my name?"));
        terminal.press("Enter");
        terminal.awaitText("Your name is Ana.");
        terminal.awaitPrompt();
    }

    private static void takingBack(Tmux terminal) throws Exception {
        assertThat(terminal.say("/undo 2")).contains("forgot the last 2 turns, kept 1");
        assertThat(terminal.say("/redo")).contains("back to 3 turns");
        terminal.say("/retry temperature=0.3 seed=1");
        assertThat(terminal.say("/show context")).containsPattern("3 +[0-9]+ tokens +What is my name");
    }

    private static void anotherModel(Tmux terminal) throws Exception {
        assertThat(terminal.say("/model demo-draft")).contains("demo-draft, context");
        assertThat(terminal.say("/model demo")).containsPattern("\\[demo, context");
    }

    private static void anotherSize(Tmux terminal) throws Exception {
        terminal.resize(50, 20);
        terminal.say("/set max-new-tokens 100");
        String screen = terminal.say("What does the planner do?");
        assertThat(screen).contains("> What does the planner do?");
        assertThat(screen.substring(screen.indexOf("> What does the planner do?"))
                        .lines()
                        .skip(1)
                        .limit(2))
                .as("the reply fills lines of 50, and no word is cut")
                .allMatch(line -> line.length() > 30 && line.length() <= 50);
        terminal.resize(100, 30);
    }

    @Test
    void theSecondCtrlCLeavesAndTheTerminalIsAsItWas() throws Exception {
        var release = Release.packaged(home);
        Path model = SlowModel.write(home.resolve("slow"), Release.model());
        try (var terminal = new Tmux(home, environment(release))) {
            terminal.type("stty -a >before; \"$FC\" --quiet -m " + model
                    + " --max-new-tokens 1500; echo code=$?; stty -a >after;" + " echo ok");
            terminal.press("Enter");
            terminal.awaitPrompt();
            terminal.type("a story");
            terminal.await("the message", screen -> Tmux.lastPrompt(screen).startsWith("> a story"));
            terminal.press("Enter");
            terminal.await(
                    "the reply's first words",
                    screen -> screen.substring(screen.indexOf("> a story") + 9)
                                    .strip()
                                    .length()
                            > 20);
            terminal.press("C-c", "C-c");
            // The first may have ended the reply already: then the second says how to leave.
            String screen = terminal.await(
                    "an end", it -> it.contains("code=130\nok") || it.contains("Ctrl-D or /bye to leave"));
            if (!screen.contains("code=130")) {
                terminal.press("C-d");
                terminal.awaitText("code=0\nok");
            }
        }
        assertThat(Files.readString(home.resolve("after"))).isEqualTo(Files.readString(home.resolve("before")));
    }

    @Test
    void questionsFromTheShellAndADemo() throws Exception {
        var release = Release.packaged(home);
        try (var terminal = new Tmux(home, environment(release))) {
            terminal.type("\"$FC\" -m demo 'What does the planner do?'; echo one=$?");
            terminal.press("Enter");
            assertThat(terminal.awaitText("one=0")).contains("The planner measures the machine");
            terminal.type("clear; echo 'My name is Ana.' | \"$FC\" -m demo 'Who am I?'; echo two=$?");
            terminal.press("Enter");
            terminal.awaitText("two=0");

            terminal.type(
                    "clear; stty -a >before; \"$FC\" demo first-chat --fast; echo three=$?; stty -a >after; echo ok");
            terminal.press("Enter");
            String screen = terminal.awaitText("three=0\nok");
            assertThat(screen)
                    .contains("> What does the planner do?\nThe planner measures")
                    .contains("that was the demo");
            terminal.type("clear; \"$FC\" demo spanish");
            terminal.press("Enter");
            terminal.awaitText("$ flexgen-chat -m demo");
            terminal.press("C-c");
            terminal.type("echo four=$?"); // after an interruption the shell gives up the rest of its line
            terminal.press("Enter");
            terminal.awaitText("four=130");
        }
        assertThat(Files.readString(home.resolve("after"))).isEqualTo(Files.readString(home.resolve("before")));
    }
}
