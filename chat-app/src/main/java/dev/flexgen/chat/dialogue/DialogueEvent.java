package dev.flexgen.chat.dialogue;

/** Something the user should be told about the dialogue besides the reply. */
public sealed interface DialogueEvent {

    /**
     * The oldest turns were forgotten to make room.
     *
     * @param dropped whole turns forgotten now
     * @param kept whole turns still held
     */
    record TurnsDropped(int dropped, int kept) implements DialogueEvent {}

    /**
     * The oldest turns were forgotten before the next message needs their room, so that what is left can be read again meanwhile.
     *
     * @param dropped whole turns forgotten now
     * @param kept whole turns still held
     */
    record RoomMade(int dropped, int kept) implements DialogueEvent {}

    /**
     * The user's system text does not fit into its share of the context and is not used.
     *
     * @param tokens its length
     * @param share what a system text may take
     */
    record SystemTextLeftOut(int tokens, int share) implements DialogueEvent {}
}
