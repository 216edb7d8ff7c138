package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.Candidates;
import dev.flexgen.chat.dialogue.MessageTooLongException;
import dev.flexgen.chat.dialogue.Reply;
import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.monitor.Monitor;
import dev.flexgen.chat.repl.command.Outcome;
import dev.flexgen.chat.repl.render.SideBySide;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingTable;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.TokenizerException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/** Has the model speak and shows it: one reply, or several to choose from. For the chat's thread. */
final class TurnRunner {

    private static final String NONE = "0";

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final LiveChat chat;
    private final Interrupts interrupts;
    private final LongSupplier nanoTime;

    TurnRunner(ChatSetup setup, ChatTerminal screen, LiveChat chat, Interrupts interrupts, LongSupplier nanoTime) {
        this.setup = setup;
        this.screen = screen;
        this.chat = chat;
        this.interrupts = interrupts;
        this.nanoTime = nanoTime;
    }

    /** One reply; empty if there is none. */
    Optional<Reply> talk(Outcome.Speech speech) {
        Optional<Reply> said = during((turn, cancel) -> {
            var reply = speech.make(turn, cancel);
            turn.finish(reply.end());
            return reply;
        });
        said.ifPresent(reply -> {
            ended(reply);
            remark(reply);
        });
        return said;
    }

    /** Several, one of which becomes part of the dialogue. */
    void several(Outcome.Voices voices) {
        Optional<Candidates> made = during((turn, cancel) -> {
            var candidates = voices.make(turn, cancel);
            turn.finishSilently(candidates.isEmpty() ? ReplyEnd.STOPPED : ReplyEnd.FINISHED);
            return candidates;
        });
        if (made.isEmpty() || made.get().isEmpty()) {
            return;
        }
        List<Reply> replies = made.get().replies();
        List<String> lines = SideBySide.of(
                replies.stream().map(reply -> PlainText.of(reply.text())).toList(),
                screen.terminal().getWidth());
        chat.show(String.join("\n", lines));
        int chosen = choice(replies.size());
        if (chosen < 0) {
            chat.remark("[none of them was kept]");
            return;
        }
        made.get().choose(chosen);
        ended(replies.get(chosen));
    }

    /** Enter takes the first, Ctrl-C none. */
    private int choice(int count) {
        while (true) {
            Optional<String> answer = chat.ask("which one? 1 to " + count + ", 0 for none [1] ");
            if (answer.isEmpty() || answer.get().equals(NONE)) {
                return -1;
            }
            if (answer.get().isEmpty()) {
                return 0;
            }
            var known = IntStream.rangeClosed(1, count).filter(i -> answer.get().equals(Integer.toString(i)));
            var found = known.findFirst();
            if (found.isPresent()) {
                return found.getAsInt() - 1;
            }
            chat.error("There is no answer '" + answer.get() + "'.");
        }
    }

    private void ended(Reply reply) {
        chat.lastReply(reply);
        if (setup.verbosity() == Verbosity.NORMAL) {
            chat.remark(StatusText.reply(
                    reply, chat.dialogue().heldTokens(), chat.dialogue().model().contextLimit()));
        }
    }

    /** Says if the plan was wrong. Not of several replies at once, which share their steps. */
    private void remark(Reply reply) {
        if (setup.verbosity() == Verbosity.NORMAL) {
            chat.prediction()
                    .of(reply, chat.partner().model().watch(), chat.dialogue().heldTokens())
                    .ifPresent(sentence -> chat.remark("[" + sentence + "]"));
        }
    }

    private <T> Optional<T> during(BiFunction<TerminalTurn, CancelToken, T> speaking) {
        var out = new TurnWriter(screen.terminal().writer());
        var look = new TerminalTurn.Look(
                setup.theme(),
                statusWanted(),
                chat.settings().get(SettingTable.THOUGHTS),
                chat.settings().get(SettingTable.NOTIFY));
        var meter = new ReplyMeter(chat.partner(), chat.dialogue().model().contextLimit(), nanoTime);
        var cancel = interrupts.begin();
        try (var turn = new TerminalTurn(out, screen.terminal(), look, screen.typed(), meter, nanoTime);
                var _ = screen.listen(actions(turn))) {
            return speak(speaking, turn, out, cancel);
        } finally {
            interrupts.end();
        }
    }

    private KeyListener.Actions actions(TerminalTurn turn) {
        return new KeyListener.Actions(
                interrupts::interrupt, () -> suspend(turn), () -> monitor(turn), chat.monitors());
    }

    /** The shell's words must not meet the turn's status lines. */
    private void suspend(TerminalTurn turn) {
        turn.leave();
        try {
            screen.suspend();
        } finally {
            turn.comeBack();
        }
    }

    /** On the keyboard's thread, which has no keys to read meanwhile, and gets those that it could not leave in the terminal. */
    private String monitor(TerminalTurn turn) {
        var partner = chat.partner();
        var behind = new StringBuilder();
        turn.leave();
        try {
            var monitor = new Monitor(
                    screen.terminal(), partner.name(), partner.model().watch(), nanoTime, behind::append);
            var end = monitor.run(turn::goesOn, false);
            if (end == Monitor.End.INTERRUPT) {
                screen.typed().stop();
                interrupts.interrupt();
            }
        } catch (IOException gone) {
            // The terminal is; the prompt meets that next, and ends the chat.
        } finally {
            turn.comeBack();
        }
        return behind.toString();
    }

    private boolean statusWanted() {
        return setup.verbosity() == Verbosity.NORMAL && !chat.settings().get(SettingTable.PLAIN);
    }

    private <T> Optional<T> speak(
            BiFunction<TerminalTurn, CancelToken, T> speaking, TerminalTurn turn, TurnWriter out, CancelToken cancel) {
        try {
            return Optional.of(speaking.apply(turn, cancel));
        } catch (MessageTooLongException e) {
            turn.fail();
            out.write(setup.theme().error(PlainText.of(String.valueOf(e.getMessage()))) + "\n");
        } catch (TokenizerException e) {
            turn.fail();
            if (e.kind() != TokenizerException.Kind.TEXT) {
                throw e;
            }
            out.write(setup.theme().error(PlainText.of(String.valueOf(e.getMessage()))) + "\n");
        } catch (EngineException e) {
            turn.fail();
            if (e.kind() != EngineException.Kind.INPUT) {
                throw e;
            }
            out.write(setup.theme().error(PlainText.of(String.valueOf(e.getMessage()))) + "\n");
        } finally {
            turn.over();
        }
        return Optional.empty();
    }
}
