package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;

/** A chat without a terminal: runs commands and remembers what they say. */
public final class FakeChat implements CommandContext {

    public final ScriptedChatModel model = new ScriptedChatModel(2000);
    public final List<String> remarks = new ArrayList<>();
    public final List<String> errors = new ArrayList<>();
    private final Commands commands;
    private final Dialogue dialogue = new Dialogue(model, TestSetup.BARE, "");

    public FakeChat(Commands commands) {
        this.commands = commands;
    }

    /** Runs a line such as {@code /undo 2}; talks where the command wants that. */
    public Outcome run(String line) {
        var words = line.split(" ", 2);
        var outcome = commands.run(words[0], words.length > 1 ? words[1] : "", this);
        if (outcome instanceof Outcome.Talk(var speech)) {
            speech.make(new Deaf(), new CancelToken());
        }
        return outcome;
    }

    public void say(String message, String reply) {
        model.says(reply);
        dialogue.say(message, new ReplyOptions(256, SamplerOptions.greedy()), new Deaf(), new CancelToken());
    }

    @Override
    public Commands commands() {
        return commands;
    }

    @Override
    public Dialogue dialogue() {
        return dialogue;
    }

    @Override
    public void remark(String text) {
        remarks.add(text);
    }

    @Override
    public void error(String text) {
        errors.add(text);
    }

    private static final class Deaf implements DialogueListener {

        @Override
        public void onEvent(DialogueEvent event) {}

        @Override
        public void onText(String text) {}
    }
}
