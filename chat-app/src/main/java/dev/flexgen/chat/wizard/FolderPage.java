package dev.flexgen.chat.wizard;

import java.util.ArrayList;
import java.util.List;

/** Takes the folder of a model that the user has; explains how to get the models that are available on request only. */
final class FolderPage implements Page {

    @Override
    public String title() {
        return "A folder of yours";
    }

    @Override
    public String keys(WizardState state) {
        return "type the folder   Enter look into it   Esc back";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        state.answers()
                .entry()
                .ifPresentOrElse(
                        entry -> {
                            lines.addAll(Line.wrapped(
                                    entry.name() + " cannot be downloaded: " + entry.notDownloadable() + ".", width));
                            lines.add(Line.BLANK);
                            lines.addAll(Line.wrapped(
                                    "Meta answers such a request with links to the weights. Once they are here, name their"
                                            + " folder: a checkpoint with its config.json, or the numpy files that Alpa and"
                                            + " FlexGen convert to.",
                                    width));
                        },
                        () -> lines.addAll(Line.wrapped(
                                "Name a folder that holds a model: config.json, weights (safetensors or PyTorch .bin) and a"
                                        + " tokenizer.",
                                width)));
        lines.add(Line.BLANK);
        lines.add(Line.plain("Folder:"));
        lines.add(new Line(Line.Style.SELECTED, "> " + state.field().shown(width - 2)));
        return lines;
    }

    @Override
    public int rows(WizardState state) {
        return 1;
    }

    @Override
    public boolean writes(WizardState state) {
        return true;
    }

    @Override
    public Step enter(WizardState state) {
        String folder = state.field().text().strip();
        return folder.isEmpty()
                ? Step.stay(state.withNotice("Type the folder first, or press Esc to choose another model."))
                : new Step(state, new Effect.CheckFolder(folder));
    }

    @Override
    public Step on(WizardState state, WizardEvent event) {
        if (event instanceof WizardEvent.FolderChecked(var folder, var problem)) {
            WizardState chosen = state.withAnswers(state.answers().withModel(folder));
            return problem.isEmpty()
                    ? new Step(chosen.to(PageId.SUMMARY), new Effect.Preview(chosen.answers()))
                    : Step.stay(state.withNotice(problem));
        }
        return Step.stay(state);
    }
}
