package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.MessageTooLongException;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.SlashCommand.Outcome;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;

/** A conversation at a terminal. Everything runs on the caller's thread, but for Ctrl-C. */
public final class Repl {

    private static final int OK = 0;
    private static final int INTERRUPTED = 130;

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final PrintWriter writer;
    private final LongSupplier nanoTime;
    private final Theme theme;
    private final Dialogue dialogue;
    private final Commands commands = Commands.standard();
    private final CommandContext context;

    /** @param nanoTime a clock such as {@link System#nanoTime} */
    Repl(ChatSetup setup, ChatTerminal screen, LongSupplier nanoTime) {
        this.setup = setup;
        this.screen = screen;
        writer = screen.terminal().writer();
        this.nanoTime = nanoTime;
        theme = setup.theme();
        dialogue = new Dialogue(setup.model(), setup.format(), setup.systemText());
        context = new CommandContext(commands, dialogue, this::remark, this::error);
    }

    /**
     * Talks until the user leaves.
     *
     * @return the exit code: 0, or 130 after a second Ctrl-C
     */
    public static int run(ChatSetup setup, ChatTerminal screen) {
        return new Repl(setup, screen, System::nanoTime).run();
    }

    int run() {
        var interrupts = new Interrupts(nanoTime, () -> setup.exit().accept(INTERRUPTED));
        var input = new LineInput(screen, commands, theme, history());
        greet();
        while (true) {
            switch (ask(input)) {
                case UserInput.Leave _ -> {
                    return OK;
                }
                case UserInput.Nothing _ -> {}
                case UserInput.Message(var text) -> {
                    talk(text, interrupts);
                    if (interrupts.leaving()) {
                        return INTERRUPTED;
                    }
                }
                case UserInput.Command(var name, var argument) -> {
                    if (command(name, argument) == Outcome.LEAVE) {
                        return OK;
                    }
                }
            }
        }
    }

    private void talk(String message, Interrupts interrupts) {
        var cancel = interrupts.begin();
        try (var _ = screen.listen(interrupts::interrupt);
                var turn = new TerminalTurn(screen.terminal(), theme, nanoTime)) {
            talk(message, turn, cancel);
        } finally {
            interrupts.end();
        }
    }

    private void talk(String message, TerminalTurn turn, CancelToken cancel) {
        try {
            var reply = dialogue.say(message, setup.options(), turn, cancel);
            turn.finish(reply.end());
            status(reply);
        } catch (MessageTooLongException e) {
            turn.fail();
            error(e.getMessage());
        } catch (TokenizerException e) {
            turn.fail();
            if (e.kind() != TokenizerException.Kind.TEXT) {
                throw e;
            }
            error(e.getMessage());
        } catch (EngineException e) {
            turn.fail();
            if (e.kind() != EngineException.Kind.INPUT) {
                throw e;
            }
            error(e.getMessage());
        }
    }

    private UserInput ask(LineInput input) {
        try {
            return UserInput.of(input.readLine());
        } catch (UserInterruptException e) {
            if (e.getPartialLine().isEmpty()) {
                remark("Ctrl-D or /bye to leave");
            }
            return new UserInput.Nothing();
        } catch (EndOfFileException e) {
            return new UserInput.Leave();
        } finally {
            Thread.interrupted(); // the line editor's way of noticing Ctrl-C, not to be mistaken for one by the model
        }
    }

    private Outcome command(String name, String argument) {
        var command = commands.find(name);
        if (command.isEmpty()) {
            error(commands.unknown(name));
            return Outcome.CONTINUE;
        }
        return command.get().run(argument, context);
    }

    private void greet() {
        if (setup.verbosity() == Verbosity.NORMAL) {
            remark("%s, context %d tokens. /help lists commands and keys, Ctrl-D leaves."
                    .formatted(setup.modelName(), dialogue.contextLimit()));
        }
        dialogue.openingEvent().map(StatusText::event).ifPresent(this::remark);
    }

    private void status(Reply reply) {
        if (setup.verbosity() == Verbosity.NORMAL) {
            remark(StatusText.reply(reply, dialogue.heldTokens(), dialogue.contextLimit()));
        }
    }

    private ChatHistory history() {
        return switch (setup.history()) {
            case NONE -> ChatHistory.none();
            case SESSION -> new ChatHistory(Optional.empty(), this::notKept);
            case ALL -> new ChatHistory(historyFile(), this::notKept);
        };
    }

    private Optional<HistoryFile> historyFile() {
        try {
            return Optional.of(HistoryFile.open(setup.stateDirectory()));
        } catch (IOException e) {
            notKept(e);
            return Optional.empty();
        }
    }

    private void notKept(IOException e) {
        error("What you type is not kept for the next time: cannot write " + setup.stateDirectory() + " ("
                + e.getMessage() + ").");
    }

    private void remark(String text) {
        show(theme.dim(PlainText.of(text)));
    }

    private void error(String text) {
        show(theme.error(PlainText.of(text)));
    }

    private void show(String text) {
        writer.write(text + "\n");
        writer.flush();
    }
}
