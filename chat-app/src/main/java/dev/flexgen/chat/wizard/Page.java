package dev.flexgen.chat.wizard;

import java.util.List;

/** One page: what it shows and what keys and events do there. Holds nothing; everything is in the {@link WizardState}. */
interface Page {

    String title();

    /** The keys that do something here, for the last line. */
    String keys(WizardState state);

    /** What it shows on so much room; what is beyond it is cut off. */
    List<Line> lines(WizardState state, int width, int height);

    /** Rows of its menu. */
    int rows(WizardState state);

    /** What Enter does on the selected row. */
    Step enter(WizardState state);

    /** The row that is selected when the page is entered. */
    default int firstRow(WizardState state) {
        return 0;
    }

    /** What its text field holds when the page is entered. */
    default String firstText(WizardState state) {
        return "";
    }

    /** Whether typing goes into the text field. */
    default boolean writes(WizardState state) {
        return false;
    }

    /** What Esc does. */
    default Step escape(WizardState state) {
        return Step.stay(state.back());
    }

    /** What Ctrl-C does. */
    default Step interrupt(WizardState state) {
        return new Step(state, new Effect.Leave(Effect.Outcome.LEFT));
    }

    /** What comes of an event; those that concern no page are dealt with before. */
    default Step on(WizardState state, WizardEvent event) {
        return Step.stay(state);
    }
}
