package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.prompt.Thoughts;
import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A conversation: an opening and turns, each with token ids that are fixed once made, so that a turn costs the model
 * only its new tokens. When the context runs out, the model forgets whole oldest turns, and the listener is told. What a user
 * takes away can be brought back. Owned by the thread that talks.
 */
public final class Dialogue {

    private static final int MOST_PAST = 100;

    private final TurnList turns = new TurnList();
    private Layout layout;
    private final Deque<Past> past = new ArrayDeque<>();
    private final List<DialogueObserver> observers = new ArrayList<>();

    /** How it was before a change. */
    private record Past(ChatModel model, String systemText, TurnList.State turns) {}

    /**
     * A dialogue without turns.
     *
     * @param systemText blank for the format's own persona
     */
    public Dialogue(ChatModel model, PromptFormat format, String systemText) {
        layout = Layout.of(model, format, systemText);
    }

    /** Has somebody told of all changes from now on. */
    public void observe(DialogueObserver observer) {
        observers.add(observer);
    }

    /** What the user should know about the opening before the first turn. */
    public Optional<DialogueEvent> openingEvent() {
        return layout.opening().event();
    }

    /**
     * Sends a message and gives the reply, which becomes part of the dialogue unless nothing was said before the user
     * stopped it. A failing model leaves the dialogue without this turn.
     *
     * @throws MessageTooLongException if the message cannot fit; the dialogue is then unchanged
     */
    public Reply say(String message, ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var budget = ContextBudget.of(layout.model(), options);
        TokenIds next = fitted(message, budget, listener);
        tellBegin(message);
        var reply = reply(next, budget, options, listener, cancel);
        if (reply.end() != ReplyEnd.STOPPED || !reply.text().isEmpty()) {
            turns.add(new Turn(message, next, reply.text(), reply.ids(), reply.end()));
            tell(DialogueChange.TURN);
        }
        return reply;
    }

    /** The ids of a message, for which turns may have to be forgotten. */
    private TokenIds fitted(String message, ContextBudget budget, DialogueListener listener) {
        TokenIds alone = layout.message(0, message);
        int room = budget.limit() - openingTokens() - budget.shortestReply();
        if (alone.length() > room) {
            throw new MessageTooLongException(alone.length(), Math.max(0, room), budget.limit());
        }
        TokenIds next = held().isEmpty() ? alone : layout.message(1, message);
        if (heldTokens() + next.length() + budget.comfortableReply() > budget.limit() && !held().isEmpty()) {
            listener.onEvent(dropOldest(budget.afterDropping() - next.length(), 0));
            next = held().isEmpty() ? alone : next;
        }
        return next;
    }

    /**
     * Has a message answered several times at once, the last one if none is given. The dialogue stays as it is until one of the
     * replies is chosen.
     *
     * @param options for each reply
     */
    public Candidates best(
            Optional<String> message, List<ReplyOptions> options, DialogueListener listener, CancelToken cancel) {
        Past before = now();
        boolean again = message.isEmpty();
        String text = message.orElseGet(() -> turns.last().message());
        if (again) {
            turns.takeLast();
        }
        try {
            var budget = ContextBudget.of(layout.model(), options.getFirst());
            TokenIds next = fitted(text, budget, listener);
            TokenIds prompt = layout.prompt(held(), next);
            TurnList.State ready = turns.state();
            tellBegin(text);
            List<Reply> replies = layout.model()
                    .replies(
                            prompt,
                            layout.format().stopStrings(),
                            options.stream()
                                    .map(it -> it.withMaxNewTokens(budget.replyLimit(prompt.length())))
                                    .toList(),
                            Previews.of(options.size(), listener),
                            cancel);
            return new Candidates(replies, index -> {
                Reply reply = replies.get(index);
                layout.model().keep(index);
                if (again) {
                    remember(before);
                }
                turns.become(ready);
                turns.add(new Turn(text, next, reply.text(), reply.ids(), reply.end()));
                tell(DialogueChange.TURN);
            });
        } finally {
            turns.become(before.turns());
        }
    }

    /** Has the last message answered anew; the old reply stays if there is no new one. Needs a turn. */
    public Reply retry(ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        Past before = now();
        turns.takeLast();
        boolean answered = false;
        try {
            var reply = say(before.turns().turns().getLast().message(), options, listener, cancel);
            answered = turns.size() == before.turns().turns().size();
            return reply;
        } finally {
            if (answered) {
                remember(before);
            } else {
                become(before);
            }
        }
    }

    /** Whether the last reply ended before its end. */
    public boolean canGoOn() {
        return !turns.isEmpty()
                && turns.last().end() != ReplyEnd.FINISHED
                && !turns.last().reply().isEmpty();
    }

    /**
     * Has the last reply go on where it was cut off.
     *
     * @return what was added
     */
    public Reply goOn(ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var budget = ContextBudget.of(layout.model(), options);
        if (heldTokens() + budget.shortestReply() > budget.limit()) {
            listener.onEvent(dropOldest(budget.afterDropping(), 1));
        }
        int room = budget.limit() - heldTokens();
        if (room < 1) {
            throw new MessageTooLongException(
                    turns.last().tokens(), budget.limit() - openingTokens() - 1, budget.limit());
        }
        tellBegin("");
        var reply = reply(TokenIds.NONE, budget, options.goingOn(), listener, cancel);
        if (!reply.text().isEmpty() || reply.end() == ReplyEnd.FINISHED) {
            turns.replaceLast(turns.last().with(reply));
            tell(DialogueChange.TURN);
        }
        return reply;
    }

    /**
     * Has the model sum up the turns that it sees but the last ones, and puts the summary in their place. One that is empty, stopped
     * or not shorter changes nothing.
     *
     * @return the summary
     */
    public Reply compress(Compression how, DialogueListener listener, CancelToken cancel) {
        Compression.Summary summary = how.make(layout, held(), listener, cancel);
        summary.turn().ifPresent(turn -> {
            remember(now());
            turns.replaceHeld(summary.turns(), turn);
            tell(DialogueChange.COMPRESSED);
        });
        return summary.reply();
    }

    /** Forgets the last turns, of which there must be as many. */
    public void undo(int count) {
        remember(now());
        turns.removeLast(count, layout);
        tell(DialogueChange.TAKEN_BACK);
    }

    /** Whether there is something to bring back. */
    public boolean canRedo() {
        return !past.isEmpty();
    }

    /** Brings back what was taken away last; what was said since can be brought back in turn. */
    public void redo() {
        Past back = past.pop();
        List<Turn> brought = back.turns().turns();
        boolean newTurns =
                !brought.subList(0, Math.min(brought.size(), turns.size())).equals(turns.all());
        if (newTurns) {
            remember(now());
        }
        become(back);
        tell(DialogueChange.TAKEN_BACK);
    }

    /** Forgets all turns; the opening stays. */
    public void clear() {
        empty(DialogueChange.CLEARED);
    }

    /** Begins another conversation with the same opening. */
    public void beginAnother() {
        empty(DialogueChange.ANOTHER);
    }

    private void empty(DialogueChange change) {
        if (!turns.isEmpty()) {
            remember(now());
        }
        turns.clear();
        tell(change);
    }

    /** What the user told the model before the conversation; blank for the format's own persona. */
    public String systemText() {
        return layout.systemText();
    }

    /** Tells the model something else before the conversation, all of which it reads again at the next turn. */
    public void systemText(String text) {
        remember(now());
        layout = layout.with(text);
        turns.writeFirst(layout);
        tell(DialogueChange.SYSTEM_TEXT);
    }

    /** Another model goes on with the conversation, which it reads at the next turn. */
    public void continueWith(ChatModel other, PromptFormat itsFormat) {
        layout = Layout.of(other, itsFormat, systemText());
        turns.become(new TurnList.State(layout.turns(transcript().exchanges()), 0));
        tell(DialogueChange.MODEL);
    }

    /** The conversation as text. */
    public Transcript transcript() {
        return new Transcript(
                systemText(), turns.all().stream().map(Turn::exchange).toList());
    }

    /** Goes on with a conversation that was kept, which the model reads at the next turn. */
    public void restore(Transcript kept) {
        restore(kept, TokenIds.NONE);
    }

    /** The same, with the ids that the model held at the end: what they say of the conversation need not be read again. */
    public void restore(Transcript kept, TokenIds held) {
        if (!turns.isEmpty()) {
            remember(now());
        }
        layout = layout.with(kept.systemText());
        List<Turn> all = layout.turns(kept.exchanges());
        var found = HeldTurns.in(
                held, layout.opening().ids(), all, turn -> layout.message(0, turn.message()), model().memory());
        turns.become(new TurnList.State(found.turns(), found.first()));
        tell(DialogueChange.RESTORED);
    }

    /** All turns, also those that the model does not see any more. */
    public List<Turn> turns() {
        return turns.all();
    }

    /** The turns that the model sees. */
    public List<Turn> held() {
        return turns.held();
    }

    /** Tokens that the next prompt begins with. */
    public int heldTokens() {
        return openingTokens() + turns.heldTokens();
    }

    /**
     * Makes room for the next message before it comes, if it will need some for sure, so that the model can read again what is left
     * while the user types. Only for models that do.
     */
    public Optional<DialogueEvent> makeRoom(ReplyOptions options) {
        var budget = ContextBudget.of(layout.model(), options);
        boolean full = heldTokens() + ContextBudget.SHORTEST_MESSAGE + budget.comfortableReply() > budget.limit();
        if (!layout.model().readsAhead() || !full || held().isEmpty()) {
            return Optional.empty();
        }
        var dropped = turns.dropOldest(budget.afterDropping() - openingTokens(), 0, layout);
        return Optional.of(new DialogueEvent.RoomMade(dropped.dropped(), dropped.kept()));
    }

    /**
     * Has the model read what it can while the user writes: the conversation so far and the beginning of the next message. Nothing
     * changes by it but the time that the next reply takes. From any thread, but not while another method runs.
     *
     * @param begun as much of the message as will stay; may be empty
     */
    public void readAhead(String begun, ReplyOptions options) {
        if (layout.model().readsAhead()) {
            ExpectedPrompt.of(layout, turns.state(), size -> layout.beginning(size, begun), options)
                    .ifPresent(layout.model()::readAhead);
        }
    }

    /** Tokens of the opening. */
    public int openingTokens() {
        return layout.opening().ids().length();
    }

    /** Who replies. */
    public ChatModel model() {
        return layout.model();
    }

    /** The ids that the model reads before the next message. */
    public TokenIds promptIds() {
        return layout.prompt(held(), TokenIds.NONE);
    }

    /** What the model reads before the next message, as text. */
    public String promptText() {
        return layout.text(held());
    }

    /** The ids of a message with what surrounds it, behind {@link #promptIds}. */
    public TokenIds messageIds(String message) {
        return layout.message(held().size(), message);
    }

    /** What the model will read if this message is sent; empty if there is no room for it. As {@link #readAhead}. */
    public Optional<TokenIds> promptOf(TokenIds message, ReplyOptions options) {
        return ExpectedPrompt.of(layout, turns.state(), _ -> message, options);
    }

    private Reply reply(
            TokenIds next, ContextBudget budget, ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var prompt = layout.prompt(held(), next);
        var limited = options.withMaxNewTokens(budget.replyLimit(prompt.length()));
        if (Thoughts.areOpen(
                options.goesOn() ? turns.last().reply() : "", layout.format().opensThoughts())) {
            listener.onThoughts();
        }
        return layout.model().reply(prompt, layout.format().stopStrings(), limited, listener, cancel);
    }

    /** Has the model forget the oldest turns: down to {@code target} tokens, with the opening, and {@code least} turns. */
    private DialogueEvent dropOldest(int target, int least) {
        return turns.dropOldest(target - openingTokens(), least, layout);
    }

    private Past now() {
        return new Past(layout.model(), systemText(), turns.state());
    }

    private void remember(Past state) {
        past.push(state);
        while (past.size() > MOST_PAST) {
            past.removeLast();
        }
    }

    private void become(Past state) {
        boolean sameModel = state.model().equals(layout.model());
        boolean sameOpening = state.systemText().equals(systemText()) && sameModel;
        layout = layout.with(state.systemText());
        turns.become(
                sameModel
                        ? state.turns()
                        : new TurnList.State(
                                layout.turns(state.turns().turns().stream()
                                        .map(Turn::exchange)
                                        .toList()),
                                state.turns().firstHeld()));
        if (!sameOpening) {
            turns.writeFirst(layout);
        }
    }

    private void tellBegin(String message) {
        observers.forEach(observer -> observer.onReplyBegins(message, this));
    }

    private void tell(DialogueChange change) {
        observers.forEach(observer -> observer.onChange(change, this));
    }
}
