package dev.flexgen.chat.repl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class UserInputTest {

    @Test
    void proseIsAMessage() {
        assertThat(UserInput.of("  it's \"fine\" \\o/ ")).isEqualTo(new UserInput.Message("it's \"fine\" \\o/"));
        assertThat(UserInput.of("two\nlines")).isEqualTo(new UserInput.Message("two\nlines"));
    }

    @Test
    void whiteSpaceIsNothing() {
        assertThat(UserInput.of(" \n\t")).isEqualTo(new UserInput.Nothing());
        assertThat(UserInput.of("\"\"\"\n\"\"\"")).isEqualTo(new UserInput.Nothing());
    }

    @Test
    void aSlashIsACommandAndTwoAreASlash() {
        assertThat(UserInput.of("/help  clear ")).isEqualTo(new UserInput.Command("/help", "clear"));
        assertThat(UserInput.of("/bye")).isEqualTo(new UserInput.Command("/bye", ""));
        assertThat(UserInput.of("//etc is a folder")).isEqualTo(new UserInput.Message("/etc is a folder"));
    }

    @Test
    void fencesHoldLinesAndAreRemoved() {
        assertThat(UserInput.of("\"\"\"\n/not a command\n\nlast\n\"\"\""))
                .isEqualTo(new UserInput.Message("/not a command\n\nlast"));
        assertThat(UserInput.of("\"\"\"text\n\"\"\" and more")).isEqualTo(new UserInput.Message("text\nand more"));
    }

    @Test
    void onlyAFenceAtTheBeginIsOpen() {
        assertThat(UserInput.isOpen(" \"\"\"a\nb")).isTrue();
        assertThat(UserInput.isOpen("\"\"\"a\nb\"\"\"")).isFalse();
        assertThat(UserInput.isOpen("say \"\"\" aloud")).isFalse();
    }
}
