package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.base.CancelToken;
import java.util.List;
import java.util.Optional;

/**
 * How old turns are summed up.
 *
 * @param kept how many of the last turns stay as they are
 * @param options of the summary
 */
public record Compression(int kept, ReplyOptions options) {

    /** What the model is asked, and what its summary stands behind from then on. */
    static final String REQUEST = "Please sum up our conversation so far in a few sentences.";

    /** Whether a turn is what was made of this summary. */
    public static boolean stands(Turn turn, Reply summary) {
        return turn.message().equals(REQUEST) && turn.reply().equals(summary.text());
    }

    /**
     * What came of it.
     *
     * @param turns how many of the oldest it is about
     * @param turn stands for them; empty if the summary is empty, stopped or not shorter
     */
    record Summary(Reply reply, int turns, Optional<Turn> turn) {}

    /** Has the model sum up turns that it sees. */
    Summary make(Layout layout, List<Turn> held, ReplyListener listener, CancelToken cancel) {
        var budget = ContextBudget.of(layout.model(), options);
        List<Turn> old = List.copyOf(held.subList(0, held.size() - kept));
        TokenIds request = layout.message(old.size(), REQUEST);
        while (!old.isEmpty() && layout.prompt(old, request).length() + budget.shortestReply() > budget.limit()) {
            old = old.subList(0, old.size() - 1);
        }
        TokenIds prompt = layout.prompt(old, request);
        var reply = layout.model()
                .reply(
                        prompt,
                        layout.format().stopStrings(),
                        options.withMaxNewTokens(budget.replyLimit(prompt.length())),
                        listener,
                        cancel);
        TokenIds first = layout.message(0, REQUEST);
        boolean shorter = first.length() + reply.ids().length()
                < old.stream().mapToInt(Turn::tokens).sum();
        boolean usable = !reply.text().isBlank() && reply.end() == ReplyEnd.FINISHED && shorter;
        return new Summary(
                reply,
                old.size(),
                usable
                        ? Optional.of(new Turn(REQUEST, first, reply.text(), reply.ids(), reply.end()))
                        : Optional.empty());
    }
}
