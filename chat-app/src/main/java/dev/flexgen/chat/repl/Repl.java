package dev.flexgen.chat.repl;

import dev.flexgen.chat.repl.command.Attachments;
import dev.flexgen.chat.repl.command.Outcome;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingTable;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jline.reader.EndOfFileException;
import org.jline.reader.UserInterruptException;

/** A conversation at a terminal. Everything runs on the caller's thread, but for Ctrl-C and the forecast beside a draft. */
public final class Repl {

    private static final int OK = 0;
    private static final int INTERRUPTED = 130;

    private final ChatSetup setup;
    private final ChatTerminal screen;
    private final LiveChat chat;
    private final Interrupts interrupts;
    private final Attachments attachments;
    private final TurnRunner turns;
    private String draft = "";

    /** @param nanoTime a clock such as {@link System#nanoTime} */
    Repl(ChatSetup setup, ChatTerminal screen, LongSupplier nanoTime) {
        this.setup = setup;
        this.screen = screen;
        chat = new LiveChat(setup, screen);
        attachments = new Attachments(chat::path);
        interrupts = new Interrupts(nanoTime, () -> setup.exit().accept(INTERRUPTED));
        turns = new TurnRunner(setup, screen, chat, interrupts, nanoTime);
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
        try (var drafts = new DraftReader(chat)) {
            var input = new LineInput(screen, chat, setup.theme(), history(), draft -> {
                drafts.draft(draft);
                return chat.forecast().of(draft);
            });
            chat.questions(input::ask);
            greet();
            while (true) {
                var outcome = outcome(ask(input, drafts));
                if (interrupts.leaving()) {
                    return INTERRUPTED;
                }
                if (outcome instanceof Outcome.Leave) {
                    sayNotSent();
                    return OK;
                }
            }
        }
    }

    /** Behind a Ctrl-D during a reply, which leaves first. */
    private void sayNotSent() {
        var left = screen.typed().waiting();
        if (!left.isEmpty()) {
            chat.remark("[not sent: " + PlainText.line(String.join(" / ", left)) + "]");
        }
    }

    private Outcome outcome(UserInput input) {
        var outcome = switch (input) {
            case UserInput.Leave _ -> Outcome.LEAVE;
            case UserInput.Nothing _ -> Outcome.CONTINUE;
            case UserInput.Message(var text) -> message(text);
            case UserInput.Command(var name, var argument) -> chat.commands().run(name, argument, chat);
        };
        switch (outcome) {
            case Outcome.Talk(var speech, var afterwards) -> turns.talk(speech).ifPresent(afterwards);
            case Outcome.Several(var voices) -> turns.several(voices);
            case Outcome.Draft(var text) -> draft = text;
            case Outcome.Continue _, Outcome.Leave _ -> {}
        }
        return outcome;
    }

    private Outcome message(String text) {
        try {
            var whole = attachments.expand(text);
            var options = chat.partner().options().apply(chat.settings());
            return new Outcome.Talk((listener, cancel) -> chat.dialogue().say(whole, options, listener, cancel));
        } catch (IOException e) {
            chat.error("Nothing was sent: " + e.getMessage() + ".");
            return new Outcome.Draft(text);
        }
    }

    private UserInput ask(LineInput input, DraftReader drafts) {
        var options = chat.partner().options().apply(chat.settings());
        chat.dialogue().makeRoom(options).map(StatusText::event).ifPresent(chat::remark);
        drafts.begin();
        try {
            var before = draft;
            draft = "";
            return UserInput.of(input.readLine(before));
        } catch (UserInterruptException e) {
            if (e.getPartialLine().isEmpty()) {
                chat.remark("Ctrl-D or /bye to leave");
            }
            return new UserInput.Nothing();
        } catch (EndOfFileException e) {
            return new UserInput.Leave();
        } finally {
            drafts.end();
            Thread.interrupted(); // the line editor's way of noticing Ctrl-C, not to be mistaken for one by the model
        }
    }

    private void greet() {
        if (setup.verbosity() == Verbosity.NORMAL) {
            chat.remark("%s, context %d tokens. /help lists commands and keys, Ctrl-D leaves."
                    .formatted(chat.partner().name(), chat.dialogue().model().contextLimit()));
        }
        chat.dialogue().openingEvent().map(StatusText::event).ifPresent(chat::remark);
    }

    private ChatHistory history() {
        return switch (setup.settings().get(SettingTable.HISTORY)) {
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
        chat.error("What you type is not kept for the next time: cannot write " + setup.stateDirectory() + " ("
                + e.getMessage() + ").");
    }
}
