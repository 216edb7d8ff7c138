package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.SpeedClass;
import dev.flexgen.chat.wizard.Answers.Here;
import dev.flexgen.chat.wizard.Choice.Place;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The models that run, with what to expect of each; a folder on this machine is the last row. */
final class ModelsPage implements Page {

    /** Below the list: a blank, and what is to be said of the selected one. */
    private static final int FOOT = 3;

    @Override
    public String title() {
        return "Model";
    }

    @Override
    public String keys(WizardState state) {
        return "Up/Down choose   Enter take it   Esc back";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        lines.add(Line.dim(String.format(Locale.ROOT, "  %-17s %9s  %s", "MODEL", "DOWNLOAD", "A REPLY")));
        int room = Math.max(1, height - FOOT - 1);
        int from = Math.clamp((long) state.row() - room / 2, 0, Math.max(0, rows(state) - room));
        for (int row = from; row < Math.min(rows(state), from + room); row++) {
            lines.add(line(state, row));
        }
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(Line.Style.DIM, about(state), width));
        return lines;
    }

    private static Line line(WizardState state, int row) {
        boolean selected = row == state.row();
        if (isFolder(state, row)) {
            return Line.row("a folder on this machine", selected);
        }
        Choice choice = state.facts().choices().get(row);
        String download = switch (choice.place()) {
            case HERE -> "here";
            case ON_THE_HUB -> Bytes.format(choice.entry().downloadBytes());
            case ON_REQUEST -> "request";
        };
        Line line = Line.row(
                String.format(
                        Locale.ROOT,
                        "%-17s %9s  %s",
                        choice.entry().name(),
                        download,
                        choice.expectation().label()),
                selected);
        boolean faint = !selected && !choice.expectation().fits();
        return faint ? Line.dim(line.text()) : line;
    }

    private static String about(WizardState state) {
        if (isFolder(state, state.row())) {
            return "A folder with a config.json and weights that you have already.";
        }
        CatalogueEntry entry = state.facts().choices().get(state.row()).entry();
        return entry.series() + ", "
                + switch (entry.promptStyle()) {
                    case DIALOGUE -> "continues a dialogue";
                    case INSTRUCTION -> "follows instructions";
                    case SCIENCE -> "knows science";
                    case COMPLETION -> "continues code";
                    case GLM, DEMO, TEMPLATE -> "chats";
                }
                + ". Licence: " + entry.licence() + ".";
    }

    @Override
    public int rows(WizardState state) {
        return state.facts().choices().size() + 1;
    }

    /** What was chosen before; else the largest OPT that answers at reading speed; else the fastest. */
    @Override
    public int firstRow(WizardState state) {
        List<Choice> choices = state.facts().choices();
        int best = 0;
        for (int row = 0; row < choices.size(); row++) {
            CatalogueEntry entry = choices.get(row).entry();
            if (entry.name().equals(state.answers().model())) {
                return row;
            }
            boolean reads = choices.get(row).expectation().speed() == SpeedClass.READS_ALONG;
            if (reads && entry.series().equals("OPT")) {
                best = row;
            }
        }
        return best;
    }

    @Override
    public Step enter(WizardState state) {
        if (isFolder(state, state.row())) {
            return Step.stay(
                    state.withAnswers(Answers.none(state.answers().store())).to(PageId.FOLDER));
        }
        Choice choice = state.facts().choices().get(state.row());
        Here here = choice.place() == Place.HERE ? Here.YES : Here.NO;
        WizardState chosen = state.withAnswers(state.answers().withEntry(choice.entry(), here));
        if (choice.place() == Place.ON_REQUEST) {
            return Step.stay(chosen.to(PageId.FOLDER));
        }
        if (!choice.expectation().fits()) {
            return Step.stay(state.withNotice(tooLarge(choice)));
        }
        if (here == Here.YES) {
            return new Step(chosen.to(PageId.SUMMARY), new Effect.Preview(chosen.answers()));
        }
        return Step.stay(chosen.to(choice.entry().terms().askFirst() ? PageId.LICENCE : PageId.STORE));
    }

    private static String tooLarge(Choice choice) {
        return choice.expectation().problem() + ". To have it all the same: flexgen-chat models pull "
                + choice.entry().name();
    }

    private static boolean isFolder(WizardState state, int row) {
        return row >= state.facts().choices().size();
    }
}
