package dev.flexgen.chat.dialogue;

import java.util.ArrayList;
import java.util.List;

/** The turns of a conversation, of which the model sees those from some turn on. Owned by the dialogue. */
final class TurnList {

    private List<Turn> turns = new ArrayList<>();
    private int firstHeld;

    /** As it is at a moment. */
    record State(List<Turn> turns, int firstHeld) {}

    State state() {
        return new State(List.copyOf(turns), firstHeld);
    }

    void become(State state) {
        turns = new ArrayList<>(state.turns());
        firstHeld = state.firstHeld();
    }

    boolean isEmpty() {
        return turns.isEmpty();
    }

    int size() {
        return turns.size();
    }

    Turn last() {
        return turns.getLast();
    }

    List<Turn> all() {
        return List.copyOf(turns);
    }

    /** Those that the model sees; live. */
    List<Turn> held() {
        return turns.subList(firstHeld, turns.size());
    }

    /** Tokens of those. */
    int heldTokens() {
        return held().stream().mapToInt(Turn::tokens).sum();
    }

    void add(Turn turn) {
        turns.add(turn);
    }

    void replaceLast(Turn turn) {
        turns.set(turns.size() - 1, turn);
    }

    void clear() {
        turns = new ArrayList<>();
        firstHeld = 0;
    }

    /** Forgets the last turns; those before become visible again where none of the later ones is left. */
    void removeLast(int count, Layout layout) {
        turns = new ArrayList<>(turns.subList(0, turns.size() - count));
        if (firstHeld > turns.size() - 1) {
            firstHeld = Math.max(0, turns.size() - 1);
            writeFirst(layout);
        }
    }

    /** One turn stands for the first of those that the model sees. */
    void replaceHeld(int count, Turn summary) {
        turns.subList(firstHeld, firstHeld + count).clear();
        turns.add(firstHeld, summary);
    }

    /** The last turn is about to be made anew. */
    void takeLast() {
        turns = new ArrayList<>(turns.subList(0, turns.size() - 1));
        firstHeld = Math.min(firstHeld, turns.size());
    }

    /**
     * Has the model forget the oldest turns.
     *
     * @param most tokens to hold afterwards
     * @param least how many turns to hold at least
     */
    DialogueEvent.TurnsDropped dropOldest(int most, int least, Layout layout) {
        int before = held().size();
        while (held().size() > least && heldTokens() > most) {
            firstHeld++;
        }
        writeFirst(layout);
        return new DialogueEvent.TurnsDropped(before - held().size(), held().size());
    }

    /** What precedes the first turn that the model sees has changed. */
    void writeFirst(Layout layout) {
        if (!held().isEmpty()) {
            Turn first = turns.get(firstHeld);
            turns.set(firstHeld, first.withPromptIds(layout.message(0, first.message())));
        }
    }
}
