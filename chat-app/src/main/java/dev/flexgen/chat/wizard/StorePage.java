package dev.flexgen.chat.wizard;

import dev.flexgen.config.Bytes;
import java.util.ArrayList;
import java.util.List;

/** Where downloaded models are kept. */
final class StorePage implements Page {

    private static final int OTHER = 1;

    @Override
    public String title() {
        return "Where to keep it";
    }

    @Override
    public String keys(WizardState state) {
        return writes(state)
                ? "type the folder   Enter take it   Esc back"
                : "Up/Down choose   Enter take it   Esc back";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        lines.addAll(Line.wrapped(
                "The download takes " + Bytes.format(state.answers().downloadBytes()) + " and a little more.", width));
        lines.add(Line.BLANK);
        lines.addAll(Line.row("Hugging Face's folder, shared with its own tools:", state.row() == 0, width));
        lines.add(Line.dim("  " + end(state.facts().defaultStore().toString(), width - 2)));
        lines.add(Line.BLANK);
        lines.addAll(Line.row("Another folder; it will be remembered:", state.row() == OTHER, width));
        lines.add(
                state.row() == OTHER
                        ? new Line(Line.Style.SELECTED, "  " + state.field().shown(width - 2))
                        : Line.dim("  " + end(state.field().text(), width - 2)));
        return lines;
    }

    private static String end(String text, int width) {
        return text.length() <= width ? text : "..." + text.substring(text.length() - width + 3);
    }

    @Override
    public int rows(WizardState state) {
        return 2;
    }

    @Override
    public int firstRow(WizardState state) {
        return state.answers().store().isEmpty() ? 0 : OTHER;
    }

    @Override
    public String firstText(WizardState state) {
        return state.answers().store();
    }

    @Override
    public boolean writes(WizardState state) {
        return state.row() == OTHER;
    }

    @Override
    public Step enter(WizardState state) {
        String folder = state.row() == OTHER ? state.field().text().strip() : "";
        return state.row() == OTHER && folder.isEmpty()
                ? Step.stay(state.withNotice("Type the folder first, or choose the other row."))
                : new Step(state, new Effect.CheckStore(folder, state.answers().downloadBytes()));
    }

    @Override
    public Step on(WizardState state, WizardEvent event) {
        if (event instanceof WizardEvent.StoreChecked(var store, var problem)) {
            WizardState chosen = state.withAnswers(state.answers().withStore(store));
            return problem.isEmpty()
                    ? new Step(chosen.to(PageId.SUMMARY), new Effect.Preview(chosen.answers()))
                    : Step.stay(state.withNotice(problem));
        }
        return Step.stay(state);
    }
}
