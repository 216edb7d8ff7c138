package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chat as a person has it: the packaged program in a real terminal. */
@Tag("e2e")
class TerminalIT {

    @TempDir
    Path home;

    @Test
    void aConversationAtATerminal() throws Exception {
        var release = Release.packaged(home);
        Path model = SlowModel.write(home.resolve("slow"), Release.model());
        var environment = release.environment();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("FC", release.launcher().toString());
        try (var terminal = new Tmux(home, environment)) {
            terminal.type("stty -a >before; \"$FC\" -m " + model
                    + " --max-new-tokens 1500; echo code=$?; stty -a >after; echo ok");
            terminal.press("Enter");
            terminal.awaitText("/help lists");

            // A message of two lines: the reply begins only after the second.
            terminal.type("first line");
            terminal.press("M-Enter");
            terminal.type("second line");
            terminal.awaitText("... second line");
            terminal.press("Enter");
            // A single word has no speed.
            terminal.await(
                    "some words of a reply being written",
                    screen -> screen.contains(" \u00b7 writing \u00b7 ")
                            && behind(screen, "second line").strip().length() > 200);

            terminal.press("C-c");
            terminal.awaitText("[stopped]");
            String stopped = terminal.await(
                    "the next prompt", screen -> screen.stripTrailing().endsWith("\n>"));
            assertThat(behind(stopped, "second line")).contains("tok/s");

            // The arrow brings the whole message back; Ctrl-C drops it, and the chat goes on.
            terminal.press("Up");
            terminal.await("the message again", screen -> screen.stripTrailing().endsWith("... second line"));
            terminal.press("C-c");
            terminal.await("an empty prompt", screen -> screen.stripTrailing().endsWith("\n>"));

            terminal.press("C-d");
            terminal.awaitText("code=0\nok");
        }
        assertThat(Files.readString(home.resolve("after"))).isEqualTo(Files.readString(home.resolve("before")));
    }

    @Test
    void whatIsTypedAheadIsNeverTheShells() throws Exception {
        var release = Release.packaged(home);
        Path model = SlowModel.write(home.resolve("slow"), Release.model());
        var environment = release.environment();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("FC", release.launcher().toString());
        try (var terminal = new Tmux(home, environment)) {
            terminal.type("stty -a >before; \"$FC\" --quiet -m " + model + " --max-new-tokens 1500");
            terminal.press("Enter");
            terminal.await("a prompt", screen -> screen.stripTrailing().endsWith("\n>"));
            terminal.type("a story");
            terminal.press("Enter");
            terminal.await(
                    "the reply's first words",
                    screen -> behind(screen, "a story").strip().length() > 40);
            terminal.type("touch gone-wrong");
            terminal.press("Enter", "C-z");
            // Wherever in the line the reply was, the shell's word may be broken.
            terminal.await(
                    "the shell's word", screen -> screen.replace("\n", "").contains("Stopped"));
            terminal.type("stty -a >between; fg");
            terminal.press("Enter");
            terminal.await(
                    "some words of the reply again",
                    screen -> behind(screen, "fg").strip().length() > 300); // not the status line alone

            terminal.press("C-c");
            String stopped = terminal.awaitText("> touch gone-wrong");
            assertThat(stopped).contains("[stopped]").doesNotContain("^C");
            terminal.press("C-c");
            terminal.await("a prompt", screen -> screen.stripTrailing().endsWith("\n>"));
            terminal.press("C-d");
            terminal.await(
                    "the shell's prompt", screen -> screen.stripTrailing().matches("(?s).*\\n[#$]"));
            terminal.type("stty -a >after; echo all is well");
            terminal.press("Enter");
            terminal.awaitText("\nall is well");
        }
        assertThat(home.resolve("gone-wrong")).doesNotExist();
        String before = Files.readString(home.resolve("before"));
        assertThat(Files.readString(home.resolve("between"))).isEqualTo(before);
        assertThat(Files.readString(home.resolve("after"))).isEqualTo(before);
    }

    private static String behind(String screen, String mark) {
        int at = screen.lastIndexOf(mark);
        return at < 0 ? "" : screen.substring(at + mark.length());
    }
}
