package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueEvent;
import dev.flexgen.chat.dialogue.DialogueListener;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.chat.roles.Roles;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.hub.HubRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** A chat without a terminal: runs commands and remembers what they say. */
public final class FakeChat implements CommandContext {

    public final ScriptedChatModel model = new ScriptedChatModel(2000);
    public final List<String> remarks = new ArrayList<>();
    public final List<String> errors = new ArrayList<>();
    public final List<String> asked = new ArrayList<>();
    public final List<String> answers = new ArrayList<>();
    public final List<String> sent = new ArrayList<>();
    public ModelShelf models = ModelShelf.NONE;
    public TextEditor editor = text -> text;
    private final Commands commands;
    private final Path folder;
    private final Dialogue dialogue = new Dialogue(model, TestSetup.BARE, "");
    private final Settings initial = TestSetup.settings(Map.of());
    private Settings settings = initial;
    public boolean monitors;
    private Partner partner = TestSetup.partner(model);
    private Optional<Reply> lastReply = Optional.empty();

    public FakeChat(Commands commands) {
        this(commands, Path.of("target", "nowhere"));
    }

    public FakeChat(Commands commands, Path folder) {
        this.commands = commands;
        this.folder = folder;
    }

    /** Runs a line such as {@code /undo 2}; talks where the command wants that. */
    public Outcome run(String line) {
        var words = line.split(" ", 2);
        var outcome = commands.run(words[0], words.length > 1 ? words[1] : "", this);
        if (outcome instanceof Outcome.Talk(var speech, var afterwards)) {
            lastReply = Optional.of(speech.make(new Deaf(), new CancelToken()));
            lastReply.ifPresent(afterwards);
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
    public Partner partner() {
        return partner;
    }

    @Override
    public void partner(Partner other) {
        partner = other;
        dialogue.continueWith(other.model(), other.format());
    }

    @Override
    public ModelShelf models() {
        return models;
    }

    @Override
    public Settings settings() {
        return settings;
    }

    @Override
    public Settings initialSettings() {
        return initial;
    }

    @Override
    public void settings(Settings changed) {
        settings = changed;
    }

    @Override
    public Optional<Reply> lastReply() {
        return lastReply;
    }

    @Override
    public Path path(String text) {
        return folder.resolve(text);
    }

    @Override
    public TextEditor editor() {
        return editor;
    }

    @Override
    public Roles roles() {
        return new Roles(folder.resolve("roles"), ChatSettings.ALL);
    }

    @Override
    public boolean monitor() {
        return false;
    }

    @Override
    public void monitors(boolean withEveryReply) {
        monitors = withEveryReply;
    }

    @Override
    public PullState download(ModelPull pull, HubRef model) {
        AtomicReference<PullState> last = new AtomicReference<>(PullState.asking(model.toString()));
        pull.run(model, last::set);
        return last.get();
    }

    @Override
    public Optional<String> ask(String question) {
        asked.add(question);
        return answers.isEmpty() ? Optional.empty() : Optional.of(answers.removeFirst());
    }

    @Override
    public boolean send(String escapeSequence) {
        return sent.add(escapeSequence);
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
