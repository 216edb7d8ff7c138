package dev.flexgen.chat.repl.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.repl.command.SlashCommand.Outcome;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommandsTest {

    private final Commands commands = Commands.standard();
    private final List<String> out = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final Dialogue dialogue =
            new Dialogue(new ScriptedChatModel(2000), PromptFormat.of(PromptStyle.COMPLETION), "");
    private final CommandContext context = new CommandContext(commands, dialogue, out::add, errors::add);

    private Outcome run(String name, String argument) {
        return commands.find(name).orElseThrow().run(argument, context);
    }

    @Test
    void helpListsCommandsAndKeys() {
        assertThat(run("/help", "")).isEqualTo(Outcome.CONTINUE);
        assertThat(out).containsExactly("""
                /help [command]    list commands and keys, or explain one command
                /clear             forget the conversation and start a new one
                /bye               leave the chat
                //text             a message that begins with a slash

                Enter              send the message
                Alt-Enter          new line; so does \\ at the end of a line
                \"""                begins and ends a message of several lines
                Ctrl-C             stop the reply; clear the line
                Ctrl-Z             go to the shell; fg comes back
                Ctrl-D             leave
                Up, Down, Ctrl-R   earlier messages
                Tab                complete a command""");
    }

    @Test
    void helpExplainsOneCommand() {
        run("/?", "bye");
        run("/help", "/clear");
        assertThat(out)
                .containsExactly(
                        "/bye: leave the chat (also /exit, /quit)",
                        "/clear: forget the conversation and start a new one");
    }

    @Test
    void unknownNamesMeetTheNearest() {
        run("/help", "cler");
        assertThat(errors)
                .containsExactly("There is no command /cler; did you mean /clear?"
                        + " Begin a message with // for a literal slash.");
        assertThat(commands.unknown("/abracadabra")).contains("/help lists them.");
        assertThat(commands.find("/abracadabra")).isEmpty();
        assertThat(commands.unknown("/")).doesNotContain("did you mean").contains("/help lists them");
    }

    @Test
    void everyWayOutLeaves() {
        for (var name : List.of("/bye", "/exit", "/quit", "/BYE")) {
            assertThat(run(name, "")).isEqualTo(Outcome.LEAVE);
        }
    }

    @Test
    void clearForgets() {
        dialogue.say("hi", new ReplyOptions(50, SamplerOptions.greedy()), new Deaf(), new CancelToken());
        assertThat(dialogue.turns()).hasSize(1);
        run("/clear", "");
        assertThat(dialogue.turns()).isEmpty();
        assertThat(out).containsExactly("[forgot the conversation]");
    }

    private static final class Deaf implements DialogueListener {

        @Override
        public void onEvent(DialogueEvent event) {}

        @Override
        public void onText(String text) {}
    }
}
