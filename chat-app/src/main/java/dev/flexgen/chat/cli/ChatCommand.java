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
import dev.flexgen.chat.prompt.ChatTemplate;
import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.repl.ChatSetup;
import dev.flexgen.chat.repl.ChatTerminal;
import dev.flexgen.chat.repl.PipedChat;
import dev.flexgen.chat.repl.Repl;
import dev.flexgen.chat.repl.Verbosity;
import dev.flexgen.chat.repl.command.ChatSettings;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.roles.Roles;
import dev.flexgen.chat.sessions.SessionDesk;
import dev.flexgen.chat.sessions.command.SessionCommands;
import dev.flexgen.chat.setup.SetupWizard;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.PromptStyle;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.sample.SamplerOptions;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jline.terminal.Terminal;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code chat}: the conversation, at a terminal or line by line through pipes. */
@Command(
        name = "chat",
        description = {
            "Talks with a model.",
            "With input from a pipe, each line is one message, and the replies alone are printed.",
            "With a question, that is answered and nothing else; what comes through a pipe is what it is about."
        })
final class ChatCommand implements AppCommand {

    @Parameters(
            arity = "0..1",
            paramLabel = "QUESTION",
            description = "One argument with white space in it, such as \"What is the capital of France?\"")
    @Nullable
    String question;

    @Option(
            names = {"-c", "--continue"},
            description = "Go on with the session that was last talked in")
    boolean goOn;

    @Option(names = "--session", paramLabel = "NAME", description = "Go on with the session of this name, or begin one")
    @Nullable
    String session;

    private final Wiring wiring;
    private String typed;

    ChatCommand(Wiring wiring) {
        this(wiring, "");
    }

    /** @param typed before the terminal is opened, for the first prompt; said to be lost if there is none */
    ChatCommand(Wiring wiring, String typed) {
        this.wiring = wiring;
        this.typed = typed;
    }

    @Override
    public List<Setting<?>> settings() {
        List<Setting<?>> settings = new ArrayList<>(ModelSettings.REPLYING);
        settings.add(SettingTable.SYSTEM);
        settings.add(SettingTable.ROLE);
        settings.add(SettingTable.MAX_NEW_TOKENS);
        settings.addAll(Sampling.SETTINGS);
        settings.add(SettingTable.HISTORY);
        settings.add(SettingTable.NO_SAVE);
        settings.add(SettingTable.SESSION_CACHE);
        settings.add(SettingTable.COLOR);
        settings.add(SettingTable.THEME);
        settings.add(SettingTable.NOTIFY);
        settings.add(SettingTable.THOUGHTS);
        settings.add(SettingTable.MONITOR);
        settings.add(SettingTable.PLAIN);
        settings.add(SettingTable.QUIET);
        return settings;
    }

    @Override
    public ExitCode run(Settings given) {
        try {
            return talk(given);
        } finally {
            if (!typed.isBlank()) {
                wiring.streams()
                        .note(
                                "what was typed behind Esc was for a chat that did not begin, and nothing was done with it: "
                                        + PlainText.line(typed.strip()));
            }
        }
    }

    private ExitCode talk(Settings given) {
        ChatSessions sessions = ChatSessions.choose(wiring, given, goOn, Optional.ofNullable(session));
        Settings settings = inRole(sessions.settings());
        if (question != null) {
            return answer(sessions, settings, OneQuestion.message(wiring, question));
        }
        boolean terminal = wiring.streams().terminal().getAsBoolean();
        if (SetupWizard.wanted(wiring, settings, terminal)) {
            return firstRun(sessions, settings);
        }
        if (terminal) {
            return switch (new DownloadOffer(wiring, settings).make()) {
                case GO_ON -> converse(sessions, settings, true);
                case DEMO -> converse(sessions, settings.with(SettingTable.MODEL, BundledModel.DEMO.modelName()), true);
                case STOPPED -> ExitCode.INTERRUPTED;
            };
        }
        return converse(sessions, settings, false);
    }

    private Settings inRole(Settings settings) {
        String role = settings.get(SettingTable.ROLE);
        return role.isEmpty() ? settings : roles().read(role, settings).over(settings);
    }

    private Roles roles() {
        return ChatSettings.roles(wiring.dirs());
    }

    /** Nothing is set up yet: the wizard comes first, and what it wrote decides with whom to talk. */
    private ExitCode firstRun(ChatSessions sessions, Settings settings) {
        var end = new SetupWizard(wiring, settings).run(Purpose.FIRST_RUN);
        return switch (end.outcome()) {
            case CHAT -> {
                typed = end.typed();
                yield converse(sessions, inRole(settings.again()), true);
            }
            case CHAT_WITH_DEMO -> {
                typed = end.typed();
                yield converse(sessions, settings, true);
            }
            case DONE -> ExitCode.OK;
            case LEFT -> ExitCode.INTERRUPTED;
        };
    }

    private ExitCode converse(ChatSessions sessions, Settings settings, boolean terminal) {
        wiring.announceDefaultModel(settings);
        try {
            return ExitCode.of(terminal ? atTerminal(sessions, settings) : throughPipes(sessions, settings));
        } catch (IOException e) {
            throw CommandException.usage(
                    (terminal ? "the terminal" : "standard input") + " cannot be read: " + e.getMessage());
        }
    }

    private ExitCode answer(ChatSessions sessions, Settings settings, String message) {
        wiring.announceDefaultModel(settings);
        CancelToken cancel = wiring.interruption().token();
        try (SessionDesk desk = sessions.open(settings);
                ModelInUse model = wiring.open(settings);
                var chatModel = new EngineChatModel(model.model(), model.requireTokenizer(), model.speculation())) {
            int code = PipedChat.answer(setup(model, chatModel, settings, desk), message, wiring.streams(), cancel);
            desk.finish();
            return ExitCode.of(code);
        }
    }

    private int throughPipes(ChatSessions sessions, Settings settings) {
        Streams streams = wiring.streams();
        var interruption = wiring.interruption();
        try (SessionDesk desk = sessions.open(settings);
                ModelInUse model = wiring.open(settings);
                var chatModel = new EngineChatModel(model.model(), model.requireTokenizer(), model.speculation())) {
            int code = PipedChat.run(
                    setup(model, chatModel, settings, desk),
                    interruption.guard(streams.in()),
                    streams,
                    interruption::token);
            desk.finish();
            return code;
        }
    }

    /** The terminal comes first: what is typed while the model is read waits for the prompt, unseen. */
    private int atTerminal(ChatSessions sessions, Settings settings) throws IOException {
        try (SessionDesk desk = sessions.open(settings);
                Terminal terminal = wiring.openTerminal();
                var screen = new ChatTerminal(terminal, typed);
                var notice = new LoadingNotice(
                        wiring.streams().out(), terminal::getWidth, noticesWanted(settings), System::nanoTime);
                var listening = screen.listen(() -> interrupt(notice), notice::leave, notice::comeBack);
                var models = new OpenModels(wiring, settings, this::partner, notice)) {
            notice.ends();
            models.chatModel().warmUp();
            listening.end();
            var shelf = new RecordedModels(models, desk::model);
            typed = ""; // the first prompt has it
            int code = Repl.run(setup(models.partner(), shelf, settings, desk), screen);
            screen.giveBack(); // from here on Ctrl-C ends the process, however long it takes to keep and close all
            desk.finish();
            return code;
        }
    }

    /** The shell's prompt must not follow the notice on its line. */
    private void interrupt(LoadingNotice notice) {
        notice.close();
        wiring.exit(ExitCode.INTERRUPTED.code());
    }

    private boolean noticesWanted(Settings settings) {
        var type = wiring.environment().variables().getOrDefault("TERM", "dumb");
        return !type.startsWith("dumb") && !settings.get(SettingTable.QUIET);
    }

    private ChatSetup setup(ModelInUse model, ChatModel chatModel, Settings settings, SessionDesk desk) {
        return setup(partner(model, chatModel), ModelShelf.NONE, settings, desk);
    }

    private ChatSetup setup(Partner partner, ModelShelf models, Settings settings, SessionDesk desk) {
        return new ChatSetup(
                partner,
                settings,
                Commands.standard().with(SessionCommands.of(desk)),
                models,
                desk::attach,
                wiring.environment(),
                wiring.dirs().state(),
                theme(settings),
                settings.get(SettingTable.QUIET) ? Verbosity.QUIET : Verbosity.NORMAL,
                wiring::exit);
    }

    private Theme theme(Settings settings) {
        return settings.get(SettingTable.PLAIN)
                ? Theme.PLAIN
                : Theme.choose(
                        settings.get(SettingTable.THEME),
                        settings.get(SettingTable.COLOR),
                        wiring.environment().variables());
    }

    private Partner partner(ModelInUse open, ChatModel chatModel) {
        ResolvedModel model = open.resolved();
        return new Partner(
                PlainText.line(model.name()),
                chatModel,
                format(model),
                settings -> new ReplyOptions(settings.get(SettingTable.MAX_NEW_TOKENS), sampling(model, settings)),
                ModelFacts.of(open));
    }

    /** As the model's own chat template says; without one as the catalogue says. */
    private PromptFormat format(ResolvedModel model) {
        try {
            Optional<PromptFormat> template = ChatTemplate.in(model.folder());
            if (template.isPresent()) {
                return template.get();
            }
        } catch (IllegalArgumentException e) {
            wiring.streams()
                    .note("the chat template of " + model.name() + " cannot be used (" + e.getMessage()
                            + "); the model reads a plain dialogue instead, which it may answer less well");
        }
        return PromptFormat.of(model.promptStyle());
    }

    /** The demo model was taught one good answer to a question; others are more fun when they vary. */
    private static SamplerOptions sampling(ResolvedModel model, Settings settings) {
        return model.promptStyle() == PromptStyle.DEMO ? Sampling.plain(settings) : Sampling.lively(settings);
    }
}
