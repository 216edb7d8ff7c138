package dev.flexgen.chat.wizard;

/** Something that a step asks for, because the wizard itself only decides. Each is answered by a {@link WizardEvent}. */
public sealed interface Effect {

    /** Nothing. */
    record None() implements Effect {}

    /** Look at the machine and at the models it could run. */
    record Look() implements Effect {}

    /** See whether so many bytes can be kept in a folder; an empty one is the default store. */
    record CheckStore(String folder, long bytes) implements Effect {}

    /** See whether a folder holds a model. */
    record CheckFolder(String folder) implements Effect {}

    /** Show what the settings file would be. */
    record Preview(Answers answers) implements Effect {}

    /** Write the settings file. */
    record Save(Answers answers) implements Effect {}

    /** Download the model. */
    record Pull(Answers answers) implements Effect {}

    /** Stop downloading; what is here stays. */
    record StopPull() implements Effect {}

    /** The wizard is over. */
    record Leave(Outcome outcome) implements Effect {}

    /** What the wizard's end means for the program. */
    enum Outcome {
        /** Go on to a conversation with the model of the settings. */
        CHAT,
        /** Go on to a conversation with the demo model, whatever the settings say. */
        CHAT_WITH_DEMO,
        /** All is set up, and that was all. */
        DONE,
        /** The user left before that. */
        LEFT
    }

    Effect NONE = new None();
}
