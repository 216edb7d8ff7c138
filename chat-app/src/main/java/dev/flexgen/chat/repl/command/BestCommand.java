package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.ReplyOptions;
import dev.flexgen.engine.sample.SamplerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Has a message answered several times at once, of which the user chooses one. */
final class BestCommand implements SlashCommand {

    /** That many rows of one step are computed as each would be alone, and fit a screen. */
    private static final int MOST = 8;

    private static final double LIVELY = 0.8;

    @Override
    public String name() {
        return "/best";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/best N [MESSAGE]";
    }

    @Override
    public String summary() {
        return "answer MESSAGE, or the last one anew, N times at once, and choose the best";
    }

    @Override
    public String details() {
        return "N is 2 to " + MOST
                + ". The weights are read once for all of them, so with a model that is read from disk or host"
                + " memory for every token they take little longer than one. They differ by their seeds; a temperature of 0"
                + " becomes " + LIVELY
                + " here. What the others hold of the context is dropped. /redo brings an old reply back.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? List.of(Suggestion.of("2"), Suggestion.of("4")) : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        String[] words = argument.split("\\s+", 2);
        Optional<Integer> count = Counted.parse(words[0]).filter(it -> it >= 2 && it <= MOST);
        if (count.isEmpty()) {
            chat.error("/best takes a number of answers from 2 to " + MOST + ", not '" + words[0]
                    + "'; nothing was done.");
            return Outcome.CONTINUE;
        }
        Optional<String> message = words.length > 1 ? Optional.of(words[1]) : Optional.empty();
        if (message.isEmpty() && chat.dialogue().turns().isEmpty()) {
            chat.error("There is no message to answer yet: /best " + words[0] + " MESSAGE.");
            return Outcome.CONTINUE;
        }
        List<ReplyOptions> options = options(chat.partner().options().apply(chat.settings()), count.get());
        return new Outcome.Several((listener, cancel) -> chat.dialogue().best(message, options, listener, cancel));
    }

    private static List<ReplyOptions> options(ReplyOptions one, int count) {
        SamplerOptions its = one.sampling();
        List<ReplyOptions> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(new ReplyOptions(
                    one.maxNewTokens(),
                    new SamplerOptions(
                            its.temperature() == 0 ? LIVELY : its.temperature(),
                            its.topK(),
                            its.topP(),
                            its.minP(),
                            its.repetitionPenalty(),
                            its.seed() + i)));
        }
        return all;
    }
}
