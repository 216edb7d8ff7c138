package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.prompt.PromptFormat;
import dev.flexgen.chat.prompt.PromptFormat.Place;
import java.util.ArrayList;
import java.util.List;

/**
 * How a conversation is written for a model: its opening, and the ids of each turn. Immutable; another model or system text is
 * another layout.
 *
 * @param systemText blank for the format's own persona
 * @param opening what every prompt begins with
 */
record Layout(ChatModel model, PromptFormat format, String systemText, Opening opening) {

    static Layout of(ChatModel model, PromptFormat format, String systemText) {
        return new Layout(model, format, systemText, Opening.of(model, format, systemText));
    }

    Layout with(String otherText) {
        return of(model, format, otherText);
    }

    /** The ids of a message with what surrounds it, behind so many turns. */
    TokenIds message(int turnsBefore, String message) {
        return model.encodeContinuation(format.turn(place(turnsBefore), message));
    }

    /** The ids of the beginning of a message of which the end is not known; none where it has not begun. */
    TokenIds beginning(int turnsBefore, String begin) {
        if (begin.isEmpty()) {
            return TokenIds.NONE;
        }
        String whole = format.turn(place(turnsBefore), begin);
        return model.encodeContinuation(
                whole.substring(0, whole.length() - format.beforeReply().length()));
    }

    private Place place(int turnsBefore) {
        return turnsBefore > 0 ? Place.AFTER_REPLY : opening.hasText() ? Place.AFTER_OPENING : Place.START;
    }

    /** Turns of text, of which nothing has been read yet. */
    List<Turn> turns(List<Transcript.Exchange> exchanges) {
        List<Turn> turns = new ArrayList<>();
        for (Transcript.Exchange it : exchanges) {
            turns.add(turn(turns.size(), it));
        }
        return turns;
    }

    Turn turn(int turnsBefore, Transcript.Exchange it) {
        TokenIds reply = it.reply().isEmpty() ? TokenIds.NONE : model.encodeContinuation(format.reply(it.reply()));
        return new Turn(it.message(), message(turnsBefore, it.message()), it.reply(), reply, it.end());
    }

    /** Opening, turns, and {@code next} at the end. */
    TokenIds prompt(List<Turn> turns, TokenIds next) {
        List<TokenIds> parts = new ArrayList<>();
        parts.add(opening.ids());
        for (Turn turn : turns) {
            parts.add(turn.promptIds());
            parts.add(turn.replyIds());
        }
        parts.add(next);
        return TokenIds.join(parts);
    }

    /** The same as text, without a next message. */
    String text(List<Turn> turns) {
        StringBuilder text = new StringBuilder(format.openings(systemText).stream()
                .filter(it -> model.encodeStart(it).equals(opening.ids()))
                .findFirst()
                .orElse(""));
        int before = 0;
        for (Turn turn : turns) {
            text.append(format.turn(place(before), turn.message()));
            text.append(turn.reply().isEmpty() ? "" : format.reply(turn.reply()));
            before++;
        }
        return text.toString();
    }
}
