package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.Session.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --draft}: replies are those of the model alone, whatever guesses them. */
class DraftTest {

    private static final String QUESTION = "Human: What is your name?\nAssistant:";

    @TempDir
    Path home;

    private Outcome generate(String... options) {
        List<String> words = new ArrayList<>(List.of(
                "generate", "-m", "demo", "--prompt", QUESTION, "--max-new-tokens", "40", "--ignore-eos", "--quiet"));
        words.addAll(Arrays.asList(options));
        return new Session(home).run(words.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"lookup", "self", "demo-draft"})
    void aDraftChangesNoToken(String draft) {
        for (String[] sampling : new String[][] {
            {}, {"--temperature", "1.2", "--seed", "4", "--repetition-penalty", "1.2"}, {"--stop", "e"}
        }) {
            String[] drafted = Arrays.copyOf(sampling, sampling.length + 2);
            drafted[sampling.length] = "--draft";
            drafted[sampling.length + 1] = draft;
            Outcome alone = generate(sampling);
            Outcome outcome = generate(drafted);
            assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.out()).isEqualTo(alone.out());
        }
    }

    @Test
    void aConversationIsTheSame() {
        String turns = "Hello!\nWhat is your name?\nWhat did I say first?\n";
        String alone = new Session(home).typing(turns).run("chat", "--quiet").out();
        assertThat(alone).isNotBlank();
        for (String draft : new String[] {"lookup", "self"}) {
            assertThat(new Session(home)
                            .typing(turns)
                            .run("chat", "--quiet", "--draft", draft)
                            .out())
                    .isEqualTo(alone);
        }
    }

    @Test
    void withoutRoomForTheDraftModelItGoesOnWithout() {
        int size = 8; // in MiB: the least that the model alone can do with
        while (generate("--cpu-memory", size + "MiB", "--context", "128").exitCode() != ExitCode.OK) {
            assertThat(++size).isLessThan(64);
        }
        String alone =
                generate("--cpu-memory", size + "MiB", "--context", "128").out();
        Outcome outcome = generate("--cpu-memory", size + "MiB", "--context", "128", "--draft", "self");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isEqualTo(alone);
        assertThat(outcome.err()).contains("no room for the draft model", "MiB").hasLineCount(1);
    }

    @Test
    void autoChangesNoTokenAndSaysWhyInALine() {
        String[] quiet = {"generate", "-m", "demo", "--prompt", QUESTION, "--max-new-tokens", "40", "--ignore-eos"};
        Session session = new Session(home);
        String alone = session.run(quiet).out();
        String[] auto = Arrays.copyOf(quiet, quiet.length + 2);
        auto[quiet.length] = "--draft";
        auto[quiet.length + 1] = "auto";
        Outcome outcome = session.run(auto);
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isEqualTo(alone);
        assertThat(outcome.err().lines().filter(line -> line.contains("drafts")))
                .singleElement()
                .asString()
                .containsAnyOf("no drafts: ", "drafts by ")
                .contains("times as fast");
        Outcome again = generate("--draft", "auto");
        assertThat(again.err()).as("--quiet").isEmpty();
        assertThat(again.out()).isEqualTo(alone);
    }

    @Test
    void whatWasAcceptedIsKeptForPlans() {
        for (int i = 0; i < 10; i++) { // however slow drafts are, a reply tries some
            assertThat(generate("--draft", "self").exitCode()).isEqualTo(ExitCode.OK);
        }
        Outcome outcome = new Session(home).run("plan", "demo", "--machine", "t4", "--draft", "self");
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).contains("with drafts by self", "at a measured acceptance of");
    }

    @Test
    void randomWeightsAreDraftedByRandomWeights() {
        String[] words = {
            "generate", "-m", "opt-125m", "--random-weights", "--ids", "2,5,9", "--max-new-tokens", "8", "--quiet"
        };
        String alone = new Session(home).run(words).out();
        String[] drafted = Arrays.copyOf(words, words.length + 2);
        drafted[words.length] = "--draft";
        drafted[words.length + 1] = "self";
        Outcome outcome = new Session(home).run(drafted);
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.OK);
        assertThat(outcome.out()).isNotBlank().isEqualTo(alone);
        drafted[words.length + 1] = "bloom-560m";
        refused(new Session(home).run(drafted), "vocabulary");
    }

    @Test
    void aDraftModelThatCannotServeIsRefused() {
        Optional<Path> other = Checkout.goldenModels().stream()
                .filter(folder -> folder.endsWith("opt-f32"))
                .findFirst();
        assumeThat(other).isPresent();
        refused(generate("--draft", other.orElseThrow().toString()), "tokenizer");
        refused(generate("--draft", "no-such-model"), "no-such-model");
    }

    private static void refused(Outcome outcome, String words) {
        assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.MODEL);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).hasLineCount(1).contains(words);
    }
}
