package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.MessageTooLongException;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.Commands;
import dev.flexgen.chat.repl.command.Outcome;
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
public final class Repl implements CommandContext {

    private static final int OK = 0;
    private static final int INTERRUPTED = 130;

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final PrintWriter writer;
    private final LongSupplier nanoTime;
    private final Theme theme;
    private final Dialogue dialogue;
    private final Commands commands;
    private final Interrupts interrupts;
    private String draft = "";

    /** @param nanoTime a clock such as {@link System#nanoTime} */
    Repl(ChatSetup setup, ChatTerminal screen, LongSupplier nanoTime) {
        this.setup = setup;
        this.screen = screen;
        writer = screen.terminal().writer();
        this.nanoTime = nanoTime;
        theme = setup.theme();
        dialogue = setup.dialogue();
        commands = setup.commands();
        interrupts = new Interrupts(nanoTime, () -> setup.exit().accept(INTERRUPTED));
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
        var input = new LineInput(screen, this, theme, new ChatHistory(historyFile(), this::notKept));
        greet();
        while (true) {
            var outcome = outcome(ask(input));
            if (interrupts.leaving()) {
                return INTERRUPTED;
            }
            if (outcome instanceof Outcome.Leave) {
                return OK;
            }
        }
    }

    private Outcome outcome(UserInput input) {
        var outcome = switch (input) {
            case UserInput.Leave _ -> Outcome.LEAVE;
            case UserInput.Nothing _ -> Outcome.CONTINUE;
            case UserInput.Message(var text) ->
                new Outcome.Talk((listener, cancel) -> dialogue.say(text, options(), listener, cancel));
            case UserInput.Command(var name, var argument) -> commands.run(name, argument, this);
        };
        switch (outcome) {
            case Outcome.Talk(var speech) -> talk(speech);
            case Outcome.Draft(var text) -> draft = text;
            case Outcome.Continue _, Outcome.Leave _ -> {}
        }
        return outcome;
    }

    private void talk(Outcome.Speech speech) {
        var cancel = interrupts.begin();
        try (var _ = screen.listen(interrupts::interrupt);
                var turn = new TerminalTurn(screen.terminal(), theme, nanoTime)) {
            talk(speech, turn, cancel);
        } finally {
            interrupts.end();
        }
    }

    private void talk(Outcome.Speech speech, TerminalTurn turn, CancelToken cancel) {
        try {
            var reply = speech.make(turn, cancel);
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
            var before = draft;
            draft = "";
            return UserInput.of(input.readLine(before));
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

    private ReplyOptions options() {
        return setup.partner().options().apply(setup.settings());
    }

    @Override
    public Commands commands() {
        return commands;
    }

    @Override
    public Dialogue dialogue() {
        return dialogue;
    }

    private void greet() {
        if (setup.verbosity() == Verbosity.NORMAL) {
            remark("%s, context %d tokens. /help lists commands and keys, Ctrl-D leaves."
                    .formatted(setup.partner().name(), dialogue.contextLimit()));
        }
        dialogue.openingEvent().map(StatusText::event).ifPresent(this::remark);
    }

    private void status(Reply reply) {
        if (setup.verbosity() == Verbosity.NORMAL) {
            remark(StatusText.reply(reply, dialogue.heldTokens(), dialogue.contextLimit()));
        }
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

    @Override
    public void remark(String text) {
        show(theme.dim(PlainText.of(text)));
    }

    @Override
    public void error(String text) {
        show(theme.error(PlainText.of(text)));
    }

    private void show(String text) {
        writer.write(text + "\n");
        writer.flush();
    }
}
