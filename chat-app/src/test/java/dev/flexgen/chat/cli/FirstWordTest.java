package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.Catalogue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FirstWordTest {

    private final FirstWord word =
            new FirstWord(List.of("chat", "generate", "score", "models", "setup", "bench"), Catalogue::load);

    @Test
    void helpAndVersionAreUnderstood() {
        assertThat(word.understand(List.of("help"))).containsExactly("--help");
        assertThat(word.understand(List.of("help", "models", "pull"))).containsExactly("models", "pull", "--help");
        assertThat(word.understand(List.of("version"))).containsExactly("--version");
        assertThat(word.understand(List.of("models", "help"))).containsExactly("models", "help");
        assertThat(word.understand(List.of("--version"))).containsExactly("--version");
    }

    @ParameterizedTest
    @CsvSource({
        "run opt-1.3b, flexgen-chat -m opt-1.3b",
        "run, flexgen-chat -m MODEL",
        "list, flexgen-chat models list",
        "ls, flexgen-chat models list",
        "pull opt-1.3b, flexgen-chat models pull opt-1.3b",
        "pull, flexgen-chat models pull MODEL",
        "show opt-1.3b, flexgen-chat models show opt-1.3b",
        "rm opt-1.3b, flexgen-chat models rm opt-1.3b",
        "opt-125m, flexgen-chat -m opt-125m",
        "demo, flexgen-chat -m demo",
        "genrate, did you mean 'generate'?",
        "modles, did you mean 'models'?",
        "hepl, did you mean 'help'?",
        "pul, did you mean 'models pull'?",
        "xyzzy, 'flexgen-chat help' lists what there is",
        "help xyzzy, 'flexgen-chat help' lists what there is"
    })
    void otherWordsAreAnsweredWithTheRightCommand(String typed, String answer) {
        assertThatThrownBy(() -> word.understand(List.of(typed.split(" "))))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("unknown command '")
                .hasMessageEndingWith(answer);
    }

    @Test
    void aQuestionIsNoCommand() {
        assertThatThrownBy(() -> word.understand(List.of("What is the capital of France?")))
                .hasMessageContaining("a question is asked in the chat")
                .hasMessageNotContaining("did you mean");
    }
}
