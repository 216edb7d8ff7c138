package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.command.TextEditor;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Settings;
import java.nio.file.Path;
import java.util.Optional;

/** What a chat at a terminal is at the moment: who talks, under which settings, about what. Owned by the chat's thread. */
final class LiveChat implements CommandContext {

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final Theme theme;
    private final Dialogue dialogue;
    private final TextEditor editor;
    private final TurnForecast forecast = new TurnForecast(this);
    private Partner partner;
    private Settings settings;
    private Optional<Reply> lastReply = Optional.empty();

    LiveChat(ChatSetup setup, ChatTerminal screen) {
        this.setup = setup;
        this.screen = screen;
        theme = setup.theme();
        partner = setup.partner();
        settings = setup.settings();
        dialogue = setup.dialogue();
        editor = new ExternalEditor(screen, setup.environment().variables());
    }

    @Override
    public Commands commands() {
        return setup.commands();
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
        forecast.forget();
        dialogue.continueWith(other.model(), other.format());
    }

    @Override
    public ModelShelf models() {
        return setup.models();
    }

    @Override
    public Settings settings() {
        return settings;
    }

    @Override
    public Settings initialSettings() {
        return setup.settings();
    }

    @Override
    public void settings(Settings changed) {
        settings = changed;
    }

    @Override
    public Optional<Reply> lastReply() {
        return lastReply;
    }

    TurnForecast forecast() {
        return forecast;
    }

    void lastReply(Reply reply) {
        lastReply = Optional.of(reply);
        forecast.learn(reply);
    }

    @Override
    public Path path(String text) {
        return setup.environment().path(text);
    }

    @Override
    public TextEditor editor() {
        return editor;
    }

    @Override
    public boolean send(String escapeSequence) {
        if (screen.isDumb()) {
            return false;
        }
        write(escapeSequence);
        return true;
    }

    @Override
    public void remark(String text) {
        write(theme.dim(PlainText.of(text)) + "\n");
    }

    @Override
    public void error(String text) {
        write(theme.error(PlainText.of(text)) + "\n");
    }

    private void write(String text) {
        var writer = screen.terminal().writer();
        writer.write(text);
        writer.flush();
    }
}
