package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.prompt.PromptFormat.Place;
import dev.flexgen.engine.base.CancelToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A conversation: an opening and turns, each with token ids that are fixed once made, so that a turn costs the model
 * only its new tokens. When the context runs out, whole oldest turns are dropped and the listener is told. Owned by the
 * thread that talks.
 */
public final class Dialogue {

    private final ChatModel model;
    private final PromptFormat format;
    private final TokenIds opening;
    private final boolean openingHasText;
    private final Optional<DialogueEvent> openingEvent;
    private final List<Turn> turns = new ArrayList<>();

    /**
     * A dialogue without turns.
     *
     * @param systemText blank for the format's own persona
     */
    public Dialogue(ChatModel model, PromptFormat format, String systemText) {
        this.model = model;
        this.format = format;
        int share = ContextBudget.openingShare(model.contextLimit());
        var text = format.openings(systemText).stream()
                .filter(candidate ->
                        candidate.isEmpty() || model.encodeStart(candidate).length() <= share)
                .findFirst()
                .orElse("");
        opening = model.encodeStart(text);
        openingHasText = !text.isEmpty();
        openingEvent = openingHasText || systemText.isBlank()
                ? Optional.empty()
                : Optional.of(new DialogueEvent.SystemTextLeftOut(
                        model.encodeStart(systemText.strip()).length(), share));
    }

    /** What the user should know about the opening before the first turn. */
    public Optional<DialogueEvent> openingEvent() {
        return openingEvent;
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
        int room = budget.limit() - opening.length() - budget.shortestReply();
        if (alone.length() > room) {
            throw new MessageTooLongException(alone.length(), Math.max(0, room), budget.limit());
        }
        TokenIds next = turns.isEmpty() ? alone : encode(Place.AFTER_REPLY, message);
        if (heldTokens() + next.length() + budget.comfortableReply() > budget.limit() && !turns.isEmpty()) {
            listener.onEvent(dropOldest(budget.afterDropping() - next.length()));
            next = turns.isEmpty() ? alone : next;
        }
        var prompt = prompt(next);
        var reply = model.reply(
                prompt,
                format.stopStrings(),
                options.withMaxNewTokens(budget.replyLimit(prompt.length())),
                listener,
                cancel);
        if (reply.end() != ReplyEnd.STOPPED || !reply.text().isEmpty()) {
            turns.add(new Turn(message, next, reply.text(), reply.ids()));
        }
        return reply;
    }

    /** Forgets all turns; the opening stays. */
    public void clear() {
        turns.clear();
    }

    public List<Turn> turns() {
        return List.copyOf(turns);
    }

    /** Tokens that the next prompt begins with. */
    public int heldTokens() {
        return opening.length() + turns.stream().mapToInt(Turn::tokens).sum();
    }

    public int contextLimit() {
        return model.contextLimit();
    }

    /** @param target most tokens to hold afterwards; the last turn goes too if need be */
    private DialogueEvent dropOldest(int target) {
        int before = turns.size();
        while (!turns.isEmpty() && heldTokens() > target) {
            turns.removeFirst();
        }
        if (!turns.isEmpty()) {
            var first = turns.getFirst();
            turns.set(0, first.withPromptIds(encode(firstPlace(), first.message())));
        }
        return new DialogueEvent.TurnsDropped(before - turns.size(), turns.size());
    }

    private Place firstPlace() {
        return openingHasText ? Place.AFTER_OPENING : Place.START;
    }

    private TokenIds encode(Place place, String message) {
        return model.encodeContinuation(format.turn(place, message));
    }

    /** The whole prompt with {@code next} at its end. */
    private TokenIds prompt(TokenIds next) {
        var parts = new ArrayList<TokenIds>();
        parts.add(opening);
        for (var turn : turns) {
            parts.add(turn.promptIds());
            parts.add(turn.replyIds());
        }
        parts.add(next);
        return TokenIds.join(parts);
    }
}
