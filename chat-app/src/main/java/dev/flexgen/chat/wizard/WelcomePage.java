package dev.flexgen.chat.wizard;

import dev.flexgen.chat.wizard.Effect.Outcome;
import java.util.ArrayList;
import java.util.List;

/** What this is about, and the way past it. */
final class WelcomePage implements Page {

    private static final String DEMO = "demo";

    @Override
    public String title() {
        return "Welcome";
    }

    @Override
    public String keys(WizardState state) {
        return "Up/Down choose   Enter go on   Esc " + (firstRun(state) ? "demo this time" : "leave");
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        lines.addAll(Line.wrapped("This program talks with language models on your own machine.", width));
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(
                "A small demo model comes with it. Larger models are downloaded from Hugging Face: this setup finds one that"
                        + " suits the machine, fetches it and writes the settings file.",
                width));
        lines.add(Line.BLANK);
        lines.addAll(Line.row("Choose a model", state.row() == 0, width));
        lines.addAll(Line.row(
                firstRun(state)
                        ? "Not now: the demo model, and do not ask again"
                        : "Use the demo model, without a download",
                state.row() == 1,
                width));
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(Line.Style.DIM, "'flexgen-chat setup' comes back here at any time.", width));
        return lines;
    }

    @Override
    public int rows(WizardState state) {
        return 2;
    }

    @Override
    public Step enter(WizardState state) {
        if (state.row() == 0) {
            return Step.stay(state.to(PageId.MACHINE));
        }
        WizardState demo = state.withAnswers(state.answers().withModel(DEMO));
        return firstRun(state)
                ? new Step(demo, new Effect.Save(demo.answers()))
                : new Step(demo.to(PageId.SUMMARY), new Effect.Preview(demo.answers()));
    }

    @Override
    public Step escape(WizardState state) {
        return new Step(state, new Effect.Leave(firstRun(state) ? Outcome.CHAT_WITH_DEMO : Outcome.LEFT));
    }

    @Override
    public Step on(WizardState state, WizardEvent event) {
        if (event instanceof WizardEvent.Saved(var problem)) {
            return problem.isEmpty()
                    ? new Step(state, new Effect.Leave(Outcome.CHAT))
                    : Step.stay(state.withNotice(problem));
        }
        return Step.stay(state);
    }

    private static boolean firstRun(WizardState state) {
        return state.facts().purpose() == Facts.Purpose.FIRST_RUN;
    }
}
