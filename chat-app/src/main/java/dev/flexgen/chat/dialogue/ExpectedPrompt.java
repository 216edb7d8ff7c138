package dev.flexgen.chat.dialogue;

import java.util.Optional;

/** The beginning of the prompt of a message that is still being written. Pure functions. */
final class ExpectedPrompt {

    private ExpectedPrompt() {}

    /**
     * Its ids, without the turns that will have to be forgotten; empty if there is no room for it.
     *
     * @param begun as much of the message as will stay; may be empty
     */
    static Optional<TokenIds> of(Layout layout, TurnList.State turns, String begun, ReplyOptions options) {
        var budget = new ContextBudget(layout.model().contextLimit(), options.maxNewTokens());
        int opening = layout.opening().ids().length();
        var seen = new TurnList();
        seen.become(turns);
        TokenIds next = next(layout, seen, begun);
        if (opening + seen.heldTokens() + next.length() + budget.comfortableReply() > budget.limit()
                && !seen.held().isEmpty()) {
            var _ = seen.dropOldest(budget.afterDropping() - next.length() - opening, 0, layout);
            next = next(layout, seen, begun);
        }
        TokenIds beginning = layout.prompt(seen.held(), next);
        return Optional.of(beginning).filter(it -> it.length() + budget.shortestReply() <= budget.limit());
    }

    private static TokenIds next(Layout layout, TurnList seen, String begun) {
        return begun.isEmpty() ? TokenIds.NONE : layout.beginning(seen.held().size(), begun);
    }
}
