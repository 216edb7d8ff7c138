package dev.flexgen.chat.wizard;

import dev.flexgen.chat.wizard.Answers.Here;
import dev.flexgen.config.Bytes;
import java.util.ArrayList;
import java.util.List;

/** All answers once more, as the settings file that they will become. */
final class SummaryPage implements Page {

    private static final int LATER = 1;

    @Override
    public String title() {
        return "Summary";
    }

    @Override
    public String keys(WizardState state) {
        return "Up/Down choose   Enter do it   Esc back   Ctrl-C leave";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        state.answers().entry().ifPresent(entry -> lines.addAll(Line.wrapped("Licence: " + entry.licence(), width)));
        lines.addAll(Line.wrapped("The settings file " + state.facts().configFile() + " will be:", width));
        lines.add(Line.BLANK);
        List<Line> rows = actions(state, width);
        List<Line> file = state.preview()
                .lines()
                .flatMap(line -> Line.indented(Line.Style.DIM, line, width).stream())
                .toList();
        int room = Math.max(1, height - lines.size() - rows.size() - 1);
        file.stream().limit(file.size() > room ? room - 1 : room).forEach(lines::add);
        if (file.size() > room) {
            lines.add(Line.CUT);
        }
        lines.add(Line.BLANK);
        lines.addAll(rows);
        return lines;
    }

    private static List<Line> actions(WizardState state, int width) {
        if (!needsDownload(state)) {
            return Line.row("Save it", state.row() == 0, width);
        }
        String download = "Save it and download " + Bytes.format(state.answers().downloadBytes());
        List<Line> lines = new ArrayList<>(Line.row(download, state.row() == 0, width));
        lines.addAll(Line.row("Save it and download later", state.row() == LATER, width));
        return lines;
    }

    @Override
    public int rows(WizardState state) {
        return needsDownload(state) ? 2 : 1;
    }

    @Override
    public Step enter(WizardState state) {
        return new Step(state, new Effect.Save(state.answers()));
    }

    @Override
    public Step on(WizardState state, WizardEvent event) {
        return switch (event) {
            case WizardEvent.Previewed(var content, var problem) ->
                Step.stay(state.withPreview(content).withNotice(problem));
            case WizardEvent.Saved(var problem) when !problem.isEmpty() -> Step.stay(state.withNotice(problem));
            case WizardEvent.Saved _ when needsDownload(state) && state.row() != LATER -> DownloadPage.begin(state);
            case WizardEvent.Saved _ -> Step.stay(state.to(PageId.DONE));
            default -> Step.stay(state);
        };
    }

    private static boolean needsDownload(WizardState state) {
        return state.answers().here() == Here.NO;
    }
}
