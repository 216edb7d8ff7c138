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

    private boolean inputWaits;

    private final FirstWord word = new FirstWord(
            List.of("chat", "generate", "score", "models", "setup", "bench"), Catalogue::load, () -> inputWaits);

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
        "demo-draft, flexgen-chat -m demo-draft",
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
    void aQuestionIsForTheChat() {
        assertThat(word.understand(List.of("What is the capital of France?", "-m", "demo")))
                .containsExactly("chat", "What is the capital of France?", "-m", "demo");
    }

    @Test
    void aQuestionInSeveralArgumentsIsAnsweredWithTheRightQuotes() {
        assertThatThrownBy(() -> word.understand(List.of("where", "is", "Quito?")))
                .hasMessage("unknown command 'where'; a question is one argument: flexgen-chat \"where is Quito?\"");
    }

    @Test
    void aWordAboutWhatComesThroughAPipeIsAQuestionUnlessItIsNearACommand() {
        inputWaits = true;
        assertThat(word.understand(List.of("explain"))).containsExactly("chat", "explain");
        assertThatThrownBy(() -> word.understand(List.of("genrate"))).hasMessageEndingWith("did you mean 'generate'?");
    }
}
