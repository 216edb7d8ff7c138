package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.SpeedClass;
import dev.flexgen.chat.wizard.Answers.Here;
import dev.flexgen.chat.wizard.Choice.Place;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** The models that run, with what to expect of each; a folder on this machine is the last row. */
final class ModelsPage implements Page {

    /** Below the list: a blank, and what is to be said of the selected one. */
    private static final int FOOT = 3;

    private static final String FOLDER = "a folder on this machine";

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
        List<List<Line>> rows = rows(state, width);
        List<Line> about = Line.wrapped(Line.Style.DIM, about(state), width);
        boolean table = rows.stream().allMatch(row -> row.size() == 1);
        int head = table ? 1 : 0;
        boolean room = height >= head + 1 + about.size() + rows.get(state.row()).size();
        int foot = room ? Math.max(FOOT, 1 + about.size()) : 0;
        List<Line> lines = new ArrayList<>();
        if (table) {
            lines.add(Line.dim(String.format(Locale.ROOT, "  %-17s %9s  %s", "MODEL", "DOWNLOAD", "A REPLY")));
        }
        shown(rows, state.row(), height - head - foot).forEach(lines::addAll);
        if (room) {
            lines.add(Line.BLANK);
            lines.addAll(about);
        }
        return lines;
    }

    /** As many as there is room for, the selected one in the middle. */
    private static List<List<Line>> shown(List<List<Line>> rows, int selected, int height) {
        int each = rows.stream().mapToInt(List::size).max().orElse(1);
        int room = Math.max(1, height / each);
        int from = Math.clamp((long) selected - room / 2, 0, Math.max(0, rows.size() - room));
        return rows.subList(from, Math.min(rows.size(), from + room));
    }

    /** A line each where all of them fit, else several. */
    private List<List<Line>> rows(WizardState state, int width) {
        List<List<Line>> table = IntStream.range(0, rows(state))
                .mapToObj(row -> List.of(line(state, row)))
                .toList();
        return table.stream().allMatch(row -> row.getFirst().text().length() <= width)
                ? table
                : IntStream.range(0, rows(state))
                        .mapToObj(row -> narrow(state, row, width))
                        .toList();
    }

    private static List<Line> narrow(WizardState state, int row, int width) {
        boolean selected = row == state.row();
        if (isFolder(state, row)) {
            return Line.row(FOLDER, selected, width);
        }
        Choice choice = state.facts().choices().get(row);
        List<Line> lines = new ArrayList<>(Line.row(choice.entry().name(), selected, width));
        lines.addAll(Line.indented(
                lines.getFirst().style(),
                download(choice) + ", " + choice.expectation().label(),
                width));
        return faint(choice, selected)
                ? lines.stream().map(line -> Line.dim(line.text())).toList()
                : lines;
    }

    /** A folder on another disk can still be chosen on the next page. */
    private static boolean tooLargeForDisk(Choice choice, Facts facts) {
        return choice.place() == Place.ON_THE_HUB && choice.entry().downloadBytes() > facts.storeFreeBytes();
    }

    private static String download(Choice choice) {
        return switch (choice.place()) {
            case HERE -> "here";
            case ON_THE_HUB -> Bytes.format(choice.entry().downloadBytes());
            case ON_REQUEST -> "request";
        };
    }

    private static boolean faint(Choice choice, boolean selected) {
        return !selected && !choice.expectation().fits();
    }

    private static Line line(WizardState state, int row) {
        boolean selected = row == state.row();
        if (isFolder(state, row)) {
            return Line.row(FOLDER, selected, Integer.MAX_VALUE).getFirst();
        }
        Choice choice = state.facts().choices().get(row);
        Line line = Line.row(
                        String.format(
                                Locale.ROOT,
                                "%-17s %9s  %s",
                                choice.entry().name(),
                                download(choice),
                                choice.expectation().label()),
                        selected,
                        Integer.MAX_VALUE)
                .getFirst();
        return faint(choice, selected) ? Line.dim(line.text()) : line;
    }

    private static String about(WizardState state) {
        if (isFolder(state, state.row())) {
            return "A folder with a config.json and weights that you have already.";
        }
        Choice choice = state.facts().choices().get(state.row());
        CatalogueEntry entry = choice.entry();
        return (tooLargeForDisk(choice, state.facts()) ? "There is less room on the disk than it takes. " : "")
                + entry.series() + ", "
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
