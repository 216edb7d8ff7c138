package dev.flexgen.chat.dialogue;

import java.util.Optional;
import java.util.function.IntFunction;

/** The prompt of a message that is still being written. Pure functions. */
final class ExpectedPrompt {

    private ExpectedPrompt() {}

    /**
     * Its ids, without the turns that will have to be forgotten; empty if there is no room for it.
     *
     * @param next what comes behind so many turns
     */
    static Optional<TokenIds> of(
            Layout layout, TurnList.State turns, IntFunction<TokenIds> next, ReplyOptions options) {
        var budget = ContextBudget.of(layout.model(), options);
        int opening = layout.opening().ids().length();
        var seen = new TurnList();
        seen.become(turns);
        TokenIds ids = next.apply(seen.held().size());
        if (opening + seen.heldTokens() + ids.length() + budget.comfortableReply() > budget.limit()
                && !seen.held().isEmpty()) {
            var _ = seen.dropOldest(budget.afterDropping() - ids.length() - opening, 0, layout);
            ids = next.apply(seen.held().size());
        }
        TokenIds prompt = layout.prompt(seen.held(), ids);
        return Optional.of(prompt).filter(it -> it.length() + budget.shortestReply() <= budget.limit());
    }
}
