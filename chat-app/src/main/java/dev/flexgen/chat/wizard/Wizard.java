package dev.flexgen.chat.wizard;

import java.util.List;

/** The rules of the wizard: from a state and a key or an event to the next state. Pure; the pages say what is special. */
public final class Wizard {

    private static final int PAGE_ROWS = 8;

    private Wizard() {}

    /**
     * The first page; the machine is looked at meanwhile.
     *
     * @param store what the settings say already
     */
    public static Step begin(Facts facts, String store) {
        var state = new WizardState(
                facts, List.of(PageId.WELCOME), Answers.none(store), 0, TextField.EMPTY, "", "", Download.NONE);
        return new Step(state, new Effect.Look());
    }

    public static Step onKey(WizardState before, Key key) {
        WizardState state = before.withNotice("");
        Page page = state.page().page();
        return switch (key) {
            case Key.Named named ->
                switch (named) {
                    case ENTER -> page.enter(state);
                    case ESCAPE -> page.escape(state);
                    case INTERRUPT -> page.interrupt(state);
                    case UP -> move(state, -1);
                    case DOWN -> move(state, 1);
                    case PAGE_UP -> move(state, -PAGE_ROWS);
                    case PAGE_DOWN -> move(state, PAGE_ROWS);
                    case LEFT, RIGHT, HOME, END, BACKSPACE, DELETE -> write(state, key);
                };
            case Key.Typed _ -> write(state, key);
        };
    }

    public static Step onEvent(WizardState state, WizardEvent event) {
        if (event instanceof WizardEvent.Looked(var machine, var choices, var free)) {
            boolean waited = state.page() == PageId.MACHINE || state.page() == PageId.MODELS;
            WizardState seen = state.withFacts(state.facts().with(machine, choices, free))
                    .withNotice(waited ? "" : state.notice()); // what it said to wait for is here
            return Step.stay(seen.withRow(
                    seen.page() == PageId.MODELS ? seen.page().page().firstRow(seen) : seen.row()));
        }
        if (event instanceof WizardEvent.PullMoved(var progress)) {
            return Step.stay(state.withDownload(state.download().moved(progress)));
        }
        return state.page().page().on(state, event);
    }

    private static Step move(WizardState state, int rows) {
        int last = state.page().page().rows(state) - 1;
        return Step.stay(state.withRow(Math.clamp((long) state.row() + rows, 0, Math.max(0, last))));
    }

    private static Step write(WizardState state, Key key) {
        return Step.stay(
                state.page().page().writes(state)
                        ? state.withField(state.field().after(key))
                        : state);
    }
}
