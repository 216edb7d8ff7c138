package dev.flexgen.chat.wizard;

import dev.flexgen.chat.pull.ProgressLines;
import dev.flexgen.chat.wizard.Answers.Here;
import dev.flexgen.chat.wizard.Download.Phase;
import dev.flexgen.chat.wizard.Effect.Outcome;
import java.util.ArrayList;
import java.util.List;

/** The download, and what to do when it does not come to its end. */
final class DownloadPage implements Page {

    private static final List<String> ASK = List.of("Go on", "Stop; what is here is kept for the next time");
    private static final List<String> AGAIN =
            List.of("Go on with the download", "Talk with the demo model for now", "Leave");

    /** From the page before: starts it. */
    static Step begin(WizardState state) {
        WizardState there = state.to(PageId.DOWNLOAD)
                .withDownload(Download.begin(state.answers().model()));
        return new Step(there, new Effect.Pull(there.answers()));
    }

    @Override
    public String title() {
        return "Download";
    }

    @Override
    public String keys(WizardState state) {
        return switch (state.download().phase()) {
            case RUNNING -> "Esc stop";
            case NONE, STOPPING -> "";
            case ASKING, STOPPED, FAILED -> "Up/Down choose   Enter do it";
        };
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        lines.add(new Line(Line.Style.STRONG, state.answers().model()));
        lines.add(Line.BLANK);
        List<Line> foot = foot(state, width);
        int room = Math.max(1, height - lines.size() - foot.size());
        lines.addAll(progress(state, width, room));
        lines.addAll(foot);
        return lines;
    }

    /** What matters most of it, where there is no room for all. */
    private static List<Line> progress(WizardState state, int width, int room) {
        var progress = state.download().progress();
        int all = new ProgressLines(state.facts().bar(), width, Integer.MAX_VALUE)
                .of(progress)
                .size();
        boolean cut = all > room && room > 1;
        List<Line> lines = new ArrayList<>();
        new ProgressLines(state.facts().bar(), width, cut ? room - 1 : room)
                .of(progress).stream().map(Line::plain).forEach(lines::add);
        if (cut) {
            lines.add(Line.CUT);
        }
        return lines;
    }

    private List<Line> foot(WizardState state, int width) {
        Download download = state.download();
        List<Line> foot = new ArrayList<>();
        foot.add(Line.BLANK);
        switch (download.phase()) {
            case NONE, RUNNING -> {}
            case STOPPING -> foot.add(Line.plain("Stopping ..."));
            case ASKING -> foot.add(Line.plain("Stop the download?"));
            case STOPPED -> foot.addAll(Line.wrapped("Stopped. What is here is kept.", width));
            case FAILED -> foot.addAll(Line.wrapped(Line.Style.ERROR, download.failure(), width));
        }
        List<String> rows = menu(state);
        for (int row = 0; row < rows.size(); row++) {
            foot.addAll(Line.row(rows.get(row), row == state.row(), width));
        }
        return foot;
    }

    private static List<String> menu(WizardState state) {
        return switch (state.download().phase()) {
            case NONE, RUNNING, STOPPING -> List.of();
            case ASKING -> ASK;
            case STOPPED, FAILED -> AGAIN;
        };
    }

    @Override
    public int rows(WizardState state) {
        return menu(state).size();
    }

    @Override
    public Step enter(WizardState state) {
        Download download = state.download();
        return switch (download.phase()) {
            case NONE, RUNNING, STOPPING -> Step.stay(state);
            case ASKING ->
                state.row() == 0
                        ? Step.stay(state.withDownload(download.to(Phase.RUNNING)))
                        : new Step(state.withDownload(download.to(Phase.STOPPING)), new Effect.StopPull());
            case STOPPED, FAILED ->
                switch (state.row()) {
                    case 0 ->
                        new Step(
                                state.withDownload(
                                        Download.begin(state.answers().model())),
                                new Effect.Pull(state.answers()));
                    case 1 -> new Step(state, new Effect.Leave(Outcome.CHAT_WITH_DEMO));
                    default -> new Step(state, new Effect.Leave(Outcome.LEFT));
                };
        };
    }

    @Override
    public Step escape(WizardState state) {
        Download download = state.download();
        return switch (download.phase()) {
            case RUNNING ->
                Step.stay(state.withDownload(download.to(Phase.ASKING)).withRow(0));
            case ASKING -> Step.stay(state.withDownload(download.to(Phase.RUNNING)));
            case NONE, STOPPING -> Step.stay(state);
            case STOPPED, FAILED -> Step.stay(state.back());
        };
    }

    /** Ctrl-C asks like Esc; pressed while it asks, it is an answer. */
    @Override
    public Step interrupt(WizardState state) {
        Download download = state.download();
        return switch (download.phase()) {
            case ASKING -> new Step(state.withDownload(download.to(Phase.STOPPING)), new Effect.StopPull());
            case STOPPED, FAILED -> new Step(state, new Effect.Leave(Outcome.LEFT));
            case NONE, RUNNING, STOPPING -> escape(state);
        };
    }

    @Override
    public Step on(WizardState state, WizardEvent event) {
        return switch (event) {
            case WizardEvent.PullDone _ -> {
                Answers answers = state.answers();
                yield Step.stay(new WizardState(
                                state.facts(),
                                state.trail(),
                                new Answers(answers.model(), answers.entry(), Here.YES, answers.store()),
                                0,
                                state.field(),
                                "",
                                state.preview(),
                                Download.NONE)
                        .to(PageId.DONE));
            }
            case WizardEvent.PullStopped _ ->
                Step.stay(state.withDownload(state.download().to(Phase.STOPPED)).withRow(0));
            case WizardEvent.PullFailed(var problem) ->
                Step.stay(state.withDownload(state.download().failed(problem)).withRow(0));
            default -> Step.stay(state);
        };
    }
}
