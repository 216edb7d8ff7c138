package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Compression;
import dev.flexgen.chat.dialogue.Turn;
import java.util.List;
import java.util.Optional;

/** Has the model sum up the oldest turns and go on with that in their place. */
final class CompressCommand implements SlashCommand {

    private static final int KEPT = 1;

    @Override
    public String name() {
        return "/compress";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/compress [N]";
    }

    @Override
    public String summary() {
        return "have the model sum up all turns but the last N (1 if not said), which the summary then replaces";
    }

    @Override
    public String details() {
        return "The summary is the model's own, so read it: models that were not taught to follow instructions, such as OPT, often"
                + " just go on talking or invent things. A summary that is empty, stopped or not shorter changes nothing. /redo"
                + " brings the turns back.";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().held().size() < 2
                ? Optional.of("There is nothing to sum up yet: the model sees "
                        + Counted.of(chat.dialogue().held().size(), "turn") + ".")
                : Optional.empty();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        int held = chat.dialogue().held().size();
        Optional<Integer> kept =
                argument.isEmpty() ? Optional.of(KEPT) : Counted.parse(argument).filter(it -> it < held);
        if (kept.isEmpty()) {
            chat.error("/compress takes a number of turns to keep from 1 to " + (held - 1) + ", not '" + argument
                    + "'; nothing was done.");
            return Outcome.CONTINUE;
        }
        List<Turn> old = List.copyOf(chat.dialogue().held().subList(0, held - kept.get()));
        int tokens = old.stream().mapToInt(Turn::tokens).sum();
        chat.remark("[" + chat.partner().name() + " sums up the oldest " + Counted.of(old.size(), "turn") + ", "
                + Counted.of(tokens, "token") + "; read what it makes of them, /redo brings them back]");
        var compression = new Compression(kept.get(), chat.partner().options().apply(chat.settings()));
        return new Outcome.Talk(
                (listener, cancel) -> chat.dialogue().compress(compression, listener, cancel),
                reply -> chat.remark(
                        Compression.stands(chat.dialogue().held().getFirst(), reply)
                                ? "[the summary stands for " + Counted.of(old.size(), "turn") + " now]"
                                : "[nothing was changed: the summary is "
                                        + (reply.text().isEmpty() ? "empty" : "not whole, or not shorter") + "]"));
    }
}
