package dev.flexgen.chat.wizard;

/** What a key or an event led to: how things stand now, and what is to be done. */
public record Step(WizardState state, Effect effect) {

    static Step stay(WizardState state) {
        return new Step(state, Effect.NONE);
    }
}
