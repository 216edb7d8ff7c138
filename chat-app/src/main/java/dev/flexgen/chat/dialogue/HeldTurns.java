package dev.flexgen.chat.dialogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The turns of a conversation as a model held them: a model's own tokens are often others than those that its text is encoded
 * into, and it may have forgotten the first turns.
 *
 * @param turns all, with the ids that were held where those say the same
 * @param first the first one that was held
 */
record HeldTurns(List<Turn> turns, int first) {

    /**
     * Finds them.
     *
     * @param held what the model held
     * @param opening what precedes the turns
     * @param turns as encoded anew
     * @param asFirst the ids of a turn's message behind the opening
     */
    static HeldTurns in(
            TokenIds held, TokenIds opening, List<Turn> turns, Function<Turn, TokenIds> asFirst, ModelMemory memory) {
        if (held.has(0, opening)) {
            for (int first = 0; first < turns.size(); first++) {
                Turn turn = turns.get(first).withPromptIds(asFirst.apply(turns.get(first)));
                Optional<Turn> found = turnAt(held, opening.length(), turn, memory);
                if (found.isPresent()) {
                    return from(first, found.get(), held, opening.length(), turns, memory);
                }
            }
        }
        return new HeldTurns(turns, 0);
    }

    private static HeldTurns from(
            int first, Turn firstTurn, TokenIds held, int at, List<Turn> turns, ModelMemory memory) {
        List<Turn> all = new ArrayList<>(turns);
        all.set(first, firstTurn);
        int next = at + firstTurn.tokens();
        for (int i = first + 1; i < all.size(); i++) {
            Optional<Turn> found = turnAt(held, next, all.get(i), memory);
            if (found.isEmpty()) {
                break;
            }
            all.set(i, found.get());
            next += found.get().tokens();
        }
        return new HeldTurns(all, first);
    }

    private static Optional<Turn> turnAt(TokenIds held, int at, Turn turn, ModelMemory memory) {
        if (!held.has(at, turn.promptIds())) {
            return Optional.empty();
        }
        return memory.spoken(turn.reply(), held, at + turn.promptIds().length()).map(turn::withReplyIds);
    }
}
