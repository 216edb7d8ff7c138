package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecordedModelsTest {

    @Test
    void onlyAModelThatGoesOnIsTold() {
        List<String> told = new ArrayList<>();
        var shelf = new RecordedModels(
                new ModelShelf() {
                    @Override
                    public List<Suggestion> here() {
                        return List.of();
                    }

                    @Override
                    public Change open(String reference, Settings settings) {
                        return new Change(
                                Optional.of(TestSetup.partner(new ScriptedChatModel(100))),
                                reference.equals("good") ? Optional.empty() : Optional.of("It is broken."));
                    }
                },
                told::add);

        shelf.open("bad", TestSetup.settings(Map.of()));
        shelf.open("good", TestSetup.settings(Map.of()));

        assertThat(told).containsExactly("good");
    }
}
