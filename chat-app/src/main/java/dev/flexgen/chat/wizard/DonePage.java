package dev.flexgen.chat.wizard;

import dev.flexgen.chat.wizard.Answers.Here;
import dev.flexgen.chat.wizard.Effect.Outcome;
import java.util.ArrayList;
import java.util.List;

/** The end: on to the conversation. */
final class DonePage implements Page {

    @Override
    public String title() {
        return "Done";
    }

    @Override
    public String keys(WizardState state) {
        return "Up/Down choose   Enter do it";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        String model = state.answers().model();
        lines.addAll(Line.wrapped(
                ready(state)
                        ? model + " is ready. From now on 'flexgen-chat' talks with it."
                        : "Saved. 'flexgen-chat models pull " + model
                                + "' downloads it; until then 'flexgen-chat' offers to" + " do so.",
                width));
        lines.add(Line.BLANK);
        List<String> rows = menu(state);
        for (int row = 0; row < rows.size(); row++) {
            lines.addAll(Line.row(rows.get(row), row == state.row(), width));
        }
        return lines;
    }

    private static boolean ready(WizardState state) {
        return state.answers().here() == Here.YES;
    }

    private static List<String> menu(WizardState state) {
        return List.of(ready(state) ? "Start chatting" : "Talk with the demo model for now", "Leave");
    }

    @Override
    public int rows(WizardState state) {
        return 2;
    }

    @Override
    public Step enter(WizardState state) {
        Outcome talk = ready(state) ? Outcome.CHAT : Outcome.CHAT_WITH_DEMO;
        return new Step(state, new Effect.Leave(state.row() == 0 ? talk : Outcome.DONE));
    }

    /** Everything is done: there is no way back, and leaving loses nothing. */
    @Override
    public Step escape(WizardState state) {
        return new Step(state, new Effect.Leave(Outcome.DONE));
    }
}
