package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.monitor.Monitor;
import dev.flexgen.chat.pull.Bar;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PlainProgress;
import dev.flexgen.chat.pull.ProgressScreen;
import dev.flexgen.chat.pull.PullDisplay;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.pull.WatchedPull;
import dev.flexgen.chat.repl.command.ChatSettings;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.command.TextEditor;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.roles.Roles;
import dev.flexgen.config.AppDirs;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubRef;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import org.jline.terminal.Terminal;

/** What a chat at a terminal is at the moment: who talks, under which settings, about what. Owned by the chat's thread. */
final class LiveChat implements CommandContext {

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final Theme theme;
    private final Dialogue dialogue;
    private final TextEditor editor;
    private final TurnForecast forecast = new TurnForecast(this, System::nanoTime);
    private final PredictionRemark prediction = new PredictionRemark();
    private Partner partner;
    private Settings settings;
    private boolean monitors;
    private Optional<Reply> lastReply = Optional.empty();
    private Function<String, Optional<String>> questions = _ -> Optional.empty();

    LiveChat(ChatSetup setup, ChatTerminal screen) {
        this.setup = setup;
        this.screen = screen;
        theme = setup.theme();
        partner = setup.partner();
        settings = setup.settings();
        monitors = settings.get(SettingTable.MONITOR);
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
        prediction.forget();
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

    PredictionRemark prediction() {
        return prediction;
    }

    void lastReply(Reply reply) {
        lastReply = Optional.of(reply);
        forecast.learn(reply);
    }

    @Override
    public Roles roles() {
        return ChatSettings.roles(AppDirs.of(setup.environment()));
    }

    @Override
    public boolean monitor() throws IOException {
        if (screen.isDumb()) {
            return false;
        }
        var monitor = new Monitor(
                screen.terminal(), partner.name(), partner.model().watch(), System::nanoTime, screen.typed()::add);
        var _ = monitor.run(() -> false, true);
        screen.enter();
        return true;
    }

    @Override
    public void monitors(boolean withEveryReply) {
        monitors = withEveryReply;
    }

    /** Whether the monitor comes with every reply. */
    boolean monitors() {
        return monitors && !screen.isDumb();
    }

    @Override
    public PullState download(ModelPull pull, HubRef model) {
        Terminal terminal = screen.terminal();
        PrintStream out = new PrintStream(terminal.output(), false, StandardCharsets.UTF_8);
        PullDisplay display = screen.isDumb()
                ? new PlainProgress(out, System::nanoTime)
                : new ProgressScreen(
                        out, terminal::getSize, Bar.choose(setup.environment().variables()));
        try (var _ = screen.listen(pull::stop)) {
            return new WatchedPull(pull, display).run(model);
        }
    }

    @Override
    public Path path(String text) {
        return setup.environment().path(text);
    }

    @Override
    public TextEditor editor() {
        return editor;
    }

    /** How the user is asked something. */
    void questions(Function<String, Optional<String>> how) {
        questions = how;
    }

    @Override
    public Optional<String> ask(String question) {
        return questions.apply(PlainText.line(question));
    }

    /** Shows text that is a part of the conversation. */
    void show(String text) {
        write(text + "\n");
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
