package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.Session.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Without a model named, the program talks with the one that comes with it. */
class DemoByDefaultTest {

    @TempDir
    Path home;

    @Test
    void aFirstConversationNeedsNoConfiguration() {
        Outcome chat = new Session(home)
                .typing("My name is Ana and I live in Quito.\nWhat is 12 + 30?\nWhere do I live?\n")
                .run();
        assertThat(chat.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(chat.out().lines())
                .satisfiesExactly(
                        greeting -> assertThat(greeting).contains("Ana"),
                        sum -> assertThat(sum).contains("42"),
                        town -> assertThat(town).contains("Quito"));
    }

    @Test
    void oneLineSaysWhoIsTalkingAndHowToChange() {
        assertThat(new Session(home).typing("Hello\n").run().err())
                .hasLineCount(1)
                .contains("demo model")
                .contains("-m");
        assertThat(new Session(home).typing("Hello\n").run("chat", "--quiet").err())
                .isEmpty();
        assertThat(new Session(home).typing("Hello\n").run("chat", "-m", "demo").err())
                .isEmpty();
    }

    @Test
    void generateNeedsNoConfigurationEither() {
        Outcome completion = new Session(home)
                .run(
                        "generate",
                        "--prompt",
                        "\nHuman: What is 2 + 2?\nAssistant:",
                        "--stop",
                        "\nHuman:",
                        "--max-new-tokens",
                        "30");
        assertThat(completion.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(completion.out()).contains("4");
    }

    @Test
    void strangeInputGetsAnAnswer() {
        String noise = "qz#7 ".repeat(300).strip();
        String lines = noise + "\n🎉🎉🎉\n\u0001\u001b[31m\u0007\nЧто такое кэш?\n</s><pad><s>\n   \n" + "a".repeat(500)
                + "\n";
        Outcome chat = new Session(home).typing(lines).run("chat", "--quiet");
        assertThat(chat.exitCode()).isEqualTo(ExitCode.OK);
        assertThat(chat.out().lines())
                .hasSize(6)
                .allSatisfy(reply -> assertThat(reply).isNotBlank().doesNotContain("\u001b", "</s>", "<pad>", "<s>"));
    }

    @Test
    void aMessageBeyondTheContextIsRefusedAndForgotten() {
        Outcome chat = new Session(home)
                .typing("x7%q! ".repeat(1700) + "\nWhat is 2 + 2?\n")
                .run("chat", "--quiet");
        assertThat(chat.err()).hasLineCount(1).contains("line 1 got no reply");
        assertThat(chat.out()).hasLineCount(1).contains("4");
    }
}
