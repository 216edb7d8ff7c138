package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.dialogue.ChatModel;
import dev.flexgen.chat.dialogue.EngineChatModel;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.repl.ChatSetup;
import dev.flexgen.chat.repl.ChatTerminal;
import dev.flexgen.chat.repl.Partner;
import dev.flexgen.chat.repl.PipedChat;
import dev.flexgen.chat.repl.Repl;
import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.chat.repl.Verbosity;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.setup.SetupWizard;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jline.terminal.Terminal;
import picocli.CommandLine.Command;

/** {@code chat}: the conversation, at a terminal or line by line through pipes. */
@Command(
        name = "chat",
        description = {
            "Talks with a model.",
            "With input from a pipe, each line is one message, and the replies alone are printed."
        })
final class ChatCommand implements AppCommand {

    private final Wiring wiring;

    ChatCommand(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>(ModelSettings.ALL);
        settings.add(SettingTable.SYSTEM);
        settings.add(SettingTable.MAX_NEW_TOKENS);
        settings.addAll(Sampling.SETTINGS);
        settings.add(SettingTable.COLOR);
        settings.add(SettingTable.QUIET);
        return settings;
    }

    @Override
    public ExitCode run(Settings settings) {
        boolean terminal = wiring.streams().terminal().getAsBoolean();
        if (SetupWizard.wanted(wiring, settings, terminal)) {
            return firstRun(settings);
        }
        if (terminal) {
            return switch (new DownloadOffer(wiring, settings).make()) {
                case GO_ON -> converse(settings, true);
                case DEMO -> converse(settings.with(SettingTable.MODEL, BundledModel.DEMO.modelName()), true);
                case STOPPED -> ExitCode.INTERRUPTED;
            };
        }
        return converse(settings, false);
    }

    /** Nothing is set up yet: the wizard comes first, and what it wrote decides with whom to talk. */
    private ExitCode firstRun(Settings settings) {
        return switch (new SetupWizard(wiring, settings).run(Purpose.FIRST_RUN)) {
            case CHAT -> converse(settings.again(), true);
            case CHAT_WITH_DEMO -> converse(settings, true);
            case DONE -> ExitCode.OK;
            case LEFT -> ExitCode.INTERRUPTED;
        };
    }

    private ExitCode converse(Settings settings, boolean terminal) {
        wiring.announceDefaultModel(settings);
        try {
            return ExitCode.of(terminal ? atTerminal(settings) : throughPipes(settings));
        } catch (IOException e) {
            throw CommandException.usage(
                    (terminal ? "the terminal" : "standard input") + " cannot be read: " + e.getMessage());
        }
    }

    private int throughPipes(Settings settings) {
        Streams streams = wiring.streams();
        var interruption = wiring.interruption();
        try (ModelInUse model = wiring.open(settings);
                var chatModel = new EngineChatModel(model.model(), model.requireTokenizer())) {
            return PipedChat.run(
                    setup(model.resolved(), chatModel, settings),
                    interruption.guard(streams.in()),
                    streams,
                    interruption::token);
        }
    }

    /** The terminal comes first: what is typed while the model is read waits for the prompt, unseen. */
    private int atTerminal(Settings settings) throws IOException {
        Map<String, String> environment = wiring.environment().variables();
        try (Terminal terminal = SystemTerminal.open(environment);
                var screen = new ChatTerminal(terminal);
                var listening = screen.listen(() -> wiring.exit(ExitCode.INTERRUPTED.code()));
                var notice = new LoadingNotice(wiring.streams().out(), noticesWanted(settings));
                ModelInUse model = wiring.open(settings);
                var chatModel = new EngineChatModel(model.model(), model.requireTokenizer())) {
            notice.erase();
            chatModel.warmUp();
            listening.end();
            int code = Repl.run(setup(model.resolved(), chatModel, settings), screen);
            screen.giveBack(); // from here on Ctrl-C ends the process, however long the model takes to be closed
            return code;
        }
    }

    private boolean noticesWanted(Settings settings) {
        var type = wiring.environment().variables().getOrDefault("TERM", "dumb");
        return !type.startsWith("dumb") && !settings.get(SettingTable.QUIET);
    }

    private ChatSetup setup(ResolvedModel model, ChatModel chatModel, Settings settings) {
        return new ChatSetup(
                partner(model, chatModel),
                settings,
                Commands.standard(),
                _ -> {},
                wiring.dirs().state(),
                Theme.choose(
                        settings.get(SettingTable.COLOR), wiring.environment().variables()),
                settings.get(SettingTable.QUIET) ? Verbosity.QUIET : Verbosity.NORMAL,
                wiring::exit);
    }

    private static Partner partner(ResolvedModel model, ChatModel chatModel) {
        return new Partner(
                PlainText.line(model.name()),
                chatModel,
                PromptFormat.of(model.promptStyle()),
                settings -> new ReplyOptions(settings.get(SettingTable.MAX_NEW_TOKENS), sampling(model, settings)));
    }

    /** The demo model was taught one good answer to a question; others are more fun when they vary. */
    private static SamplerOptions sampling(ResolvedModel model, Settings settings) {
        return model.promptStyle() == PromptStyle.DEMO ? Sampling.plain(settings) : Sampling.lively(settings);
    }
}
