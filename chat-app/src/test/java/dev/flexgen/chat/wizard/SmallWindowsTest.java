package dev.flexgen.chat.wizard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.pull.FileProgress;
import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.repl.render.Columns;
import dev.flexgen.chat.wizard.Facts.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In windows down to 20 by 8 all of a page can be read, or it is said that not all of it is there. */
class SmallWindowsTest {

    private static final String HINT = "(enlarge the window)";

    /** In the name of a file that is loaded. */
    private static final String SHORTENED = "\u2026";

    /** What a large window shows and a small one has no need of: the program's name, and the heads of columns. */
    private static final Set<String> DECORATION =
            Set.of("flexgen-chat", "setup", "-", "MODEL", "DOWNLOAD", "A", "REPLY");

    private final List<WizardState> states = new ArrayList<>();

    /** The states of the whole way, each row of each menu selected once. */
    private List<WizardState> states() {
        var world = new Worlds();
        WizardState state = Wizard.onEvent(
                        Wizard.begin(Worlds.facts(Purpose.FIRST_RUN), "").state(), world.look())
                .state();
        see(state);
        state = see(state.to(PageId.MACHINE));
        see(state.withNotice("One moment, the machine is still being measured."));
        state = state.to(PageId.MODELS);
        var choice = state.facts().choices().get(1);
        state = see(state.withAnswers(state.answers().withEntry(choice.entry(), Answers.Here.NO)));
        see(state.to(PageId.LICENCE));
        see(state.to(PageId.FOLDER).withField(TextField.of("/ana/opt-1.3b")));
        see(state.to(PageId.STORE).withRow(1).withField(TextField.of("/ana/models")));
        see(state.to(PageId.STORE));
        see(state.to(PageId.SUMMARY)
                .withPreview("{\n  \"model\": \"opt-1.3b\",\n  \"store\": \"/home/ana/models\"\n}\n"));
        see(state.to(PageId.DONE));
        var pulling = DownloadPage.begin(state).state();
        var moved = new PullState(
                "opt-1.3b",
                List.of(new FileProgress("pytorch_model.bin", 2510L << 20, 628L << 20, Phase.LOADING)),
                2510L << 20,
                628L << 20,
                12.5 * (1 << 20),
                "the hub asks to wait 55 s");
        pulling = pulling.withDownload(pulling.download().moved(moved));
        see(pulling.withDownload(pulling.download().to(Download.Phase.ASKING)));
        see(pulling.withDownload(
                pulling.download().failed("https://huggingface.co cannot be reached; check the network.")));
        return states;
    }

    private WizardState see(WizardState state) {
        for (int row = 0; row < Math.max(1, state.page().page().rows(state)); row++) {
            states.add(state.withRow(row));
        }
        return state;
    }

    @ParameterizedTest
    @CsvSource({
        "20, 8", "20, 24", "25, 10", "30, 8", "30, 12", "30, 24", "39, 12", "40, 12", "50, 10", "60, 20", "92, 8"
    })
    void allCanBeReadOrSomethingIsSaidToBeMissing(int columns, int rows) {
        for (WizardState state : states()) {
            List<Line> lines = Frame.of(state, columns, rows);
            String screen = String.join("\n", lines.stream().map(Line::text).toList());
            assertThat(lines)
                    .as(screen)
                    .hasSize(rows)
                    .allSatisfy(line -> assertThat(Columns.of(line.text())).isLessThanOrEqualTo(columns));
            assertThat(hasSelected(lines)).as(screen).isEqualTo(hasSelected(Frame.of(state, 100, 100)));
            if (!screen.contains(HINT) && !screen.contains(SHORTENED)) {
                assertThat(screen.replaceAll("\\s", "")).as(screen).contains(words(state));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"60, 20", "80, 24", "100, 30"})
    void nothingIsSaidToBeMissingInAWindowOfUsualSize(int columns, int rows) {
        for (WizardState state : states()) {
            String screen = String.join(
                    "\n",
                    Frame.of(state, columns, rows).stream().map(Line::text).toList());
            assertThat(screen).doesNotContain(HINT);
        }
    }

    private static boolean hasSelected(List<Line> lines) {
        return lines.stream().anyMatch(line -> line.style() == Line.Style.SELECTED);
    }

    /** Of the list of models, which is as long as one likes and moves with the keys, the selected one. */
    private static List<String> words(WizardState state) {
        return Frame.of(state, 100, 100).stream()
                .filter(line -> state.page() != PageId.MODELS || line.style() == Line.Style.SELECTED)
                .flatMap(line -> line.text().lines())
                .flatMap(text -> List.of(text.strip().split("\\s+", -1)).stream())
                .filter(word -> word.chars().anyMatch(Character::isLetterOrDigit))
                .filter(word -> !DECORATION.contains(word))
                .toList();
    }
}
