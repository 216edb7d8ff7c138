package dev.flexgen.chat.wizard;

import dev.flexgen.config.CatalogueEntry;
import java.util.ArrayList;
import java.util.List;

/** The licence of the chosen model, and the question whether the user agrees. */
final class LicencePage implements Page {

    private static final int AGREE = 1;

    @Override
    public String title() {
        return "Licence";
    }

    @Override
    public String keys(WizardState state) {
        return "Up/Down choose   Enter answer   Esc back";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        state.answers().entry().ifPresent(entry -> lines.addAll(text(entry, width)));
        lines.add(Line.BLANK);
        lines.addAll(Line.row("I do not agree: back to the models", state.row() == 0, width));
        lines.addAll(Line.row("I have read the licence and agree to it", state.row() == AGREE, width));
        return lines;
    }

    private static List<Line> text(CatalogueEntry entry, int width) {
        List<Line> lines = new ArrayList<>(Line.wrapped(
                Line.Style.STRONG, entry.name() + ": " + entry.terms().summary(), width));
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(
                "Its publisher makes it available under the licence \"" + entry.licence()
                        + "\". The whole text comes with the model and can be read before at",
                width));
        lines.addAll(Line.wrapped(Licences.page(entry), width));
        return lines;
    }

    @Override
    public int rows(WizardState state) {
        return 2;
    }

    @Override
    public Step enter(WizardState state) {
        return Step.stay(state.row() == AGREE ? state.to(PageId.STORE) : state.back());
    }
}
