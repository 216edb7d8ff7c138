package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.prompt.PromptFormat.Place;
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

    private ChatModel model;
    private PromptFormat format;
    private String systemText;
    private Opening opening;

    /** All turns; the model sees those from {@link #firstHeld} on. */
    private List<Turn> turns = new ArrayList<>();

    private int firstHeld;
    private final Deque<Past> past = new ArrayDeque<>();
    private final List<DialogueObserver> observers = new ArrayList<>();

    /** How it was before a change. */
    private record Past(ChatModel model, String systemText, List<Turn> turns, int firstHeld) {}

    /**
     * A dialogue without turns.
     *
     * @param systemText blank for the format's own persona
     */
    public Dialogue(ChatModel model, PromptFormat format, String systemText) {
        this.model = model;
        this.format = format;
        this.systemText = systemText;
        opening = Opening.of(model, format, systemText);
    }

    /** Has somebody told of all changes from now on. */
    public void observe(DialogueObserver observer) {
        observers.add(observer);
    }

    /** What the user should know about the opening before the first turn. */
    public Optional<DialogueEvent> openingEvent() {
        return opening.event();
    }

    /**
     * Sends a message and gives the reply, which becomes part of the dialogue unless nothing was said before the user
     * stopped it. A failing model leaves the dialogue without this turn.
     *
     * @throws MessageTooLongException if the message cannot fit; the dialogue is then unchanged
     */
    public Reply say(String message, ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var budget = new ContextBudget(model.contextLimit(), options.maxNewTokens());
        TokenIds alone = encode(firstPlace(), message);
        int room = budget.limit() - opening.ids().length() - budget.shortestReply();
        if (alone.length() > room) {
            throw new MessageTooLongException(alone.length(), Math.max(0, room), budget.limit());
        }
        TokenIds next = held().isEmpty() ? alone : encode(Place.AFTER_REPLY, message);
        if (heldTokens() + next.length() + budget.comfortableReply() > budget.limit() && !held().isEmpty()) {
            listener.onEvent(dropOldest(budget.afterDropping() - next.length(), 0));
            next = held().isEmpty() ? alone : next;
        }
        tellBegin(message);
        var reply = reply(next, budget, options, listener, cancel);
        if (reply.end() != ReplyEnd.STOPPED || !reply.text().isEmpty()) {
            turns.add(new Turn(message, next, reply.text(), reply.ids(), reply.end()));
            tell(DialogueChange.TURN);
        }
        return reply;
    }

    /** Has the last message answered anew; the old reply stays if there is no new one. Needs a turn. */
    public Reply retry(ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        Past before = now();
        turns = new ArrayList<>(turns.subList(0, turns.size() - 1));
        firstHeld = Math.min(firstHeld, turns.size());
        boolean answered = false;
        try {
            var reply = say(before.turns().getLast().message(), options, listener, cancel);
            answered = turns.size() == before.turns().size();
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
                && turns.getLast().end() != ReplyEnd.FINISHED
                && !turns.getLast().reply().isEmpty();
    }

    /**
     * Has the last reply go on where it was cut off.
     *
     * @return what was added
     */
    public Reply goOn(ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var budget = new ContextBudget(model.contextLimit(), options.maxNewTokens());
        if (heldTokens() + budget.shortestReply() > budget.limit()) {
            listener.onEvent(dropOldest(budget.afterDropping(), 1));
        }
        int room = budget.limit() - heldTokens();
        if (room < 1) {
            throw new MessageTooLongException(
                    turns.getLast().tokens(), budget.limit() - opening.ids().length() - 1, budget.limit());
        }
        tellBegin("");
        var reply = reply(TokenIds.NONE, budget, options.goingOn(), listener, cancel);
        if (!reply.text().isEmpty() || reply.end() == ReplyEnd.FINISHED) {
            turns.add(turns.removeLast().with(reply));
            tell(DialogueChange.TURN);
        }
        return reply;
    }

    /** Forgets the last turns, of which there must be as many. */
    public void undo(int count) {
        remember(now());
        turns = new ArrayList<>(turns.subList(0, turns.size() - count));
        reveal();
        tell(DialogueChange.TAKEN_BACK);
    }

    /** Whether there is something to bring back. */
    public boolean canRedo() {
        return !past.isEmpty();
    }

    /** Brings back what was taken away last; what was said since can be brought back in turn. */
    public void redo() {
        Past back = past.pop();
        boolean newTurns = !back.turns()
                .subList(0, Math.min(back.turns().size(), turns.size()))
                .equals(turns);
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
        turns = new ArrayList<>();
        firstHeld = 0;
        tell(change);
    }

    /** What the user told the model before the conversation; blank for the format's own persona. */
    public String systemText() {
        return systemText;
    }

    /** Tells the model something else before the conversation, all of which it reads again at the next turn. */
    public void systemText(String text) {
        remember(now());
        systemText = text;
        opening = Opening.of(model, format, text);
        reencodeFirst();
        tell(DialogueChange.SYSTEM_TEXT);
    }

    /** Another model goes on with the conversation, which it reads at the next turn. */
    public void continueWith(ChatModel other, PromptFormat itsFormat) {
        model = other;
        format = itsFormat;
        opening = Opening.of(model, format, systemText);
        become(new Past(other, systemText, encoded(transcript().exchanges()), 0));
        tell(DialogueChange.MODEL);
    }

    /** The conversation as text. */
    public Transcript transcript() {
        return new Transcript(systemText, turns.stream().map(Turn::exchange).toList());
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
        become(new Past(model, kept.systemText(), encoded(kept.exchanges()), 0));
        var found =
                HeldTurns.in(held, opening.ids(), turns, turn -> encode(firstPlace(), turn.message()), model.memory());
        turns = new ArrayList<>(found.turns());
        firstHeld = found.first();
        tell(DialogueChange.RESTORED);
    }

    /** All turns, also those that the model does not see any more. */
    public List<Turn> turns() {
        return List.copyOf(turns);
    }

    /** The turns that the model sees. */
    public List<Turn> held() {
        return turns.subList(firstHeld, turns.size());
    }

    /** Tokens that the next prompt begins with. */
    public int heldTokens() {
        return opening.ids().length() + held().stream().mapToInt(Turn::tokens).sum();
    }

    /** Tokens of the opening. */
    public int openingTokens() {
        return opening.ids().length();
    }

    /** Who replies. */
    public ChatModel model() {
        return model;
    }

    /** The ids that the model reads before the next message. */
    public TokenIds promptIds() {
        return prompt(TokenIds.NONE);
    }

    /** What the model reads before the next message, as text. */
    public String promptText() {
        var text = new StringBuilder(format.openings(systemText).stream()
                .filter(it -> model.encodeStart(it).equals(opening.ids()))
                .findFirst()
                .orElse(""));
        Place place = firstPlace();
        for (Turn turn : held()) {
            text.append(format.turn(place, turn.message()));
            text.append(turn.reply().isEmpty() ? "" : format.reply(turn.reply()));
            place = Place.AFTER_REPLY;
        }
        return text.toString();
    }

    /** How many tokens a message takes with what surrounds it. */
    public int tokens(String message) {
        return encode(held().isEmpty() ? firstPlace() : Place.AFTER_REPLY, message)
                .length();
    }

    public int contextLimit() {
        return model.contextLimit();
    }

    private Reply reply(
            TokenIds next, ContextBudget budget, ReplyOptions options, DialogueListener listener, CancelToken cancel) {
        var prompt = prompt(next);
        return model.reply(
                prompt,
                format.stopStrings(),
                options.withMaxNewTokens(budget.replyLimit(prompt.length())),
                listener,
                cancel);
    }

    /**
     * Has the model forget the oldest turns.
     *
     * @param target most tokens to hold afterwards
     * @param least how many turns to hold at least
     */
    private DialogueEvent dropOldest(int target, int least) {
        int before = held().size();
        while (held().size() > least && heldTokens() > target) {
            firstHeld++;
        }
        reencodeFirst();
        return new DialogueEvent.TurnsDropped(before - held().size(), held().size());
    }

    /** What precedes the first turn that the model sees has changed. */
    private void reencodeFirst() {
        if (!held().isEmpty()) {
            var first = turns.get(firstHeld);
            turns.set(firstHeld, first.withPromptIds(encode(firstPlace(), first.message())));
        }
    }

    /** Has the model see again turns it had forgotten, where none of the later ones is left. */
    private void reveal() {
        if (firstHeld > turns.size() - 1) {
            firstHeld = Math.max(0, turns.size() - 1);
            reencodeFirst();
        }
    }

    private Past now() {
        return new Past(model, systemText, List.copyOf(turns), firstHeld);
    }

    private void remember(Past state) {
        past.push(state);
        while (past.size() > MOST_PAST) {
            past.removeLast();
        }
    }

    private void become(Past state) {
        boolean sameOpening =
                state.systemText().equals(systemText) && state.model().equals(model);
        systemText = state.systemText();
        opening = Opening.of(model, format, systemText);
        firstHeld = state.firstHeld();
        turns = new ArrayList<>(
                state.model().equals(model)
                        ? state.turns()
                        : encoded(state.turns().stream().map(Turn::exchange).toList()));
        if (!sameOpening) {
            reencodeFirst();
        }
    }

    private List<Turn> encoded(List<Transcript.Exchange> exchanges) {
        List<Turn> encoded = new ArrayList<>();
        for (Transcript.Exchange it : exchanges) {
            Place place = encoded.isEmpty() ? firstPlace() : Place.AFTER_REPLY;
            TokenIds replyIds =
                    it.reply().isEmpty() ? TokenIds.NONE : model.encodeContinuation(format.reply(it.reply()));
            encoded.add(new Turn(it.message(), encode(place, it.message()), it.reply(), replyIds, it.end()));
        }
        return encoded;
    }

    private Place firstPlace() {
        return opening.hasText() ? Place.AFTER_OPENING : Place.START;
    }

    private TokenIds encode(Place place, String message) {
        return model.encodeContinuation(format.turn(place, message));
    }

    /** The whole prompt with {@code next} at its end. */
    private TokenIds prompt(TokenIds next) {
        var parts = new ArrayList<TokenIds>();
        parts.add(opening.ids());
        for (var turn : held()) {
            parts.add(turn.promptIds());
            parts.add(turn.replyIds());
        }
        parts.add(next);
        return TokenIds.join(parts);
    }

    private void tellBegin(String message) {
        observers.forEach(observer -> observer.onReplyBegins(message, this));
    }

    private void tell(DialogueChange change) {
        observers.forEach(observer -> observer.onChange(change, this));
    }
}
