package dev.flexgen.chat.wizard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.chat.wizard.Key.Named;
import dev.flexgen.chat.wizard.Key.Typed;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineState;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The rules alone: keys in, states and effects out. */
class WizardTest {

    private final Worlds world = new Worlds();
    private Step step = Wizard.begin(Worlds.facts(Purpose.FIRST_RUN), "");

    WizardTest() {
        assertThat(step.effect()).isEqualTo(new Effect.Look());
        step = Wizard.onEvent(step.state(), world.look());
    }

    private WizardState state() {
        return step.state();
    }

    /** Presses keys, and lets the made-up world answer what they lead to. */
    private WizardTest press(Key... keys) {
        for (Key key : keys) {
            step = Wizard.onKey(state(), key);
            answer();
        }
        return this;
    }

    private void answer() {
        while (true) {
            WizardEvent event = switch (step.effect()) {
                case Effect.CheckStore(var folder, var bytes) -> world.checkStore(folder, bytes);
                case Effect.CheckFolder(var folder) -> world.checkFolder(folder);
                case Effect.Preview(var answers) -> world.preview(answers);
                case Effect.Save(var answers) -> world.save(answers);
                case Effect.Look _, Effect.None _, Effect.Pull _, Effect.StopPull _, Effect.Leave _ -> null;
            };
            if (event == null) {
                return;
            }
            step = Wizard.onEvent(state(), event);
        }
    }

    private WizardTest type(String text) {
        text.chars().forEach(character -> press(new Typed((char) character)));
        return this;
    }

    /** To the list of models with this one selected. */
    private WizardTest select(String model) {
        press(Named.ENTER, Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.MODELS);
        List<String> names = state().facts().choices().stream()
                .map(choice -> choice.entry().name())
                .toList();
        press(Named.PAGE_UP, Named.PAGE_UP);
        for (int row = 0; row < names.indexOf(model); row++) {
            press(Named.DOWN);
        }
        return this;
    }

    private WizardTest toSummary() {
        return select("opt-1.3b").press(Named.ENTER, Named.DOWN, Named.ENTER, Named.ENTER);
    }

    @Test
    void theWholeWayEndsInAConversation() {
        toSummary();
        assertThat(state().page()).isEqualTo(PageId.SUMMARY);
        assertThat(state().preview()).isEqualTo("{\n  \"model\": \"opt-1.3b\"\n}\n");

        press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.DOWNLOAD);
        assertThat(step.effect()).isInstanceOf(Effect.Pull.class);

        step = Wizard.onEvent(state(), new WizardEvent.PullDone());
        assertThat(state().page()).isEqualTo(PageId.DONE);
        press(Named.ENTER);
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT));
        assertThat(world.asked).containsExactly("store  2631516160", "save opt-1.3b ");
    }

    @Test
    void notNowIsRememberedAndLeadsToTheDemo() {
        press(Named.DOWN, Named.ENTER);

        assertThat(world.asked).containsExactly("save demo ");
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT));
    }

    @Test
    void escapeOnTheFirstPageIsTheDemoForThisTimeAndWritesNothing() {
        press(Named.ESCAPE);

        assertThat(world.asked).isEmpty();
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT_WITH_DEMO));
    }

    @Test
    void whoAskedForTheSetupLeavesItByEscape() {
        step = Wizard.begin(Worlds.facts(Purpose.SETUP), "");
        press(Named.ESCAPE);

        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.LEFT));
    }

    @Test
    void escapeGoesBackPageByPage() {
        toSummary();
        press(Named.ESCAPE);
        assertThat(state().page()).isEqualTo(PageId.STORE);
        press(Named.ESCAPE);
        assertThat(state().page()).isEqualTo(PageId.LICENCE);
        press(Named.ESCAPE);
        assertThat(state().page()).isEqualTo(PageId.MODELS);
        assertThat(state().facts().choices().get(state().row()).entry().name())
                .as("still selected")
                .isEqualTo("opt-1.3b");
        press(Named.ESCAPE, Named.ESCAPE);
        assertThat(state().page()).isEqualTo(PageId.WELCOME);
    }

    @Test
    void controlCLeavesFromAnyPageBeforeTheDownload() {
        for (int keys = 0; keys < 5; keys++) {
            Step here = Wizard.onKey(state(), Named.INTERRUPT);
            assertThat(here.effect()).isEqualTo(new Effect.Leave(Outcome.LEFT));
            press(Named.ENTER);
        }
        assertThat(world.asked).isEmpty();
    }

    @Test
    void theLargestModelThatAnswersAtReadingSpeedIsProposed() {
        press(Named.ENTER, Named.ENTER);

        assertThat(state().facts().choices().get(state().row()).entry().name()).isEqualTo("opt-1.3b");
    }

    private void see(MachineReport machine) {
        world.machine = machine;
        step = Wizard.onEvent(Wizard.begin(Worlds.facts(Purpose.SETUP), "").state(), world.look());
        press(Named.ENTER);
    }

    @Test
    void aGpuThatComputesIsCountedInAndALargerModelProposed() {
        see(Worlds.WITH_GPU);
        assertThat(text()).contains("The GPU computes.").doesNotContain("counts on the processor");

        press(Named.ENTER);
        assertThat(state().facts().choices().get(state().row()).entry().name()).isEqualTo("opt-13b");
    }

    @Test
    void whereTheDriverNamesAGpuAndTheEngineCannotUseItThePageSaysWhichCountsAndWhy() {
        see(Worlds.WITHOUT_GPU);
        assertThat(text())
                .contains(
                        "RTX 3090, 24.0 GiB",
                        "counts on the processor alone: the NVIDIA driver supports CUDA 12.4",
                        "install a driver of version 580");
    }

    @Test
    void settingsWithWhichNoModelRunsAreSaidToBeSo() {
        var nobody = new MachineState.Found.Nobody(EngineException.Kind.DEVICE, "No GPU can be used: it is broken");
        MachineReport machine = Worlds.WITHOUT_GPU;
        see(new MachineReport(
                machine.cores(),
                machine.memoryBytes(),
                machine.freeMemoryBytes(),
                machine.gpus(),
                new ModelFitter(
                        new MachineState(nobody, new Budget(List.of(), 0, false), Optional.empty()),
                        EngineOptions.defaults().model())));
        assertThat(text())
                .contains("no model can be used. No GPU can be used: it is broken.")
                .doesNotContain("GB/s");

        press(Named.ENTER, Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.MODELS);
        assertThat(state().notice()).startsWith("No GPU can be used: it is broken. To have it all the same:");
    }

    @Test
    void withoutAgreementThereIsNoDownload() {
        select("opt-1.3b").press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.LICENCE);

        press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.MODELS);
    }

    @Test
    void aModelThatIsHereNeedsNoDownload() {
        select("opt-125m").press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.SUMMARY);

        press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.DONE);
        assertThat(world.asked).containsExactly("save opt-125m ");
    }

    @Test
    void aModelThatDoesNotFitIsNotTaken() {
        select("opt-30b").press(Named.ENTER);

        assertThat(state().page()).isEqualTo(PageId.MODELS);
        assertThat(state().notice()).contains("56.0 GiB for weights", "--disk-dir", "flexgen-chat models pull opt-30b");
        press(Named.UP);
        assertThat(state().notice()).isEmpty();
    }

    @Test
    void weightsThatAreGivenOnRequestAreTakenFromAFolder() {
        select("opt-175b").press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.FOLDER);
        assertThat(text()).contains("on request only");

        press(Named.ENTER);
        assertThat(state().notice()).contains("Type the folder first");
        type("/data/x").press(Named.ENTER);
        assertThat(state().notice()).isEqualTo("/data/x holds no model.");
        press(Named.BACKSPACE).type("weights").press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.SUMMARY);
        assertThat(state().preview()).contains("\"model\": \"/data/weights\"");
        press(Named.ENTER, Named.ENTER);
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT));
    }

    @Test
    void anotherFolderForModelsIsCheckedAndRemembered() {
        select("opt-1.3b").press(Named.ENTER, Named.DOWN, Named.ENTER, Named.DOWN);
        press(Named.ENTER);
        assertThat(state().notice()).contains("Type the folder first");
        type("/full").press(Named.ENTER);
        assertThat(state().notice()).isEqualTo("/full has 1.0 GiB free.");
        for (int i = 0; i < "/full".length(); i++) {
            press(Named.BACKSPACE);
        }
        type("big").press(Named.HOME).type("/").press(Named.ENTER);

        assertThat(state().page()).isEqualTo(PageId.SUMMARY);
        assertThat(state().preview()).contains("\"store\": \"/big\"");
    }

    @Test
    void aStoreThatWasSetBeforeIsProposedAgain() {
        step = Wizard.begin(Worlds.facts(Purpose.SETUP), "/big");
        step = Wizard.onEvent(state(), world.look());
        select("opt-1.3b").press(Named.ENTER, Named.DOWN, Named.ENTER);

        assertThat(state().row()).isEqualTo(1);
        assertThat(state().field()).isEqualTo(TextField.of("/big"));
    }

    @Test
    void whoDownloadsLaterIsToldHow() {
        toSummary().press(Named.DOWN, Named.ENTER);

        assertThat(state().page()).isEqualTo(PageId.DONE);
        assertThat(text()).contains("flexgen-chat models pull opt-1.3b");
        press(Named.ENTER);
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT_WITH_DEMO));
    }

    @Test
    void stoppingADownloadIsAskedForAndItGoesOnMeanwhile() {
        toSummary().press(Named.ENTER, Named.ESCAPE);
        assertThat(text()).contains("Stop the download?");
        step = Wizard.onEvent(state(), new WizardEvent.PullMoved(PullState.asking("moved")));
        assertThat(state().download().progress().model()).isEqualTo("moved");
        press(Named.ENTER);
        assertThat(text()).doesNotContain("Stop the download?");

        press(Named.INTERRUPT, Named.DOWN, Named.ENTER);
        assertThat(step.effect()).isEqualTo(new Effect.StopPull());
        step = Wizard.onEvent(state(), new WizardEvent.PullStopped());
        assertThat(text()).contains("What is here is kept");

        press(Named.ENTER);
        assertThat(step.effect()).as("on it goes").isInstanceOf(Effect.Pull.class);
    }

    @Test
    void aDownloadThatFailsSaysWhyAndOffersTheDemo() {
        toSummary().press(Named.ENTER);
        step = Wizard.onEvent(state(), new WizardEvent.PullFailed("The hub cannot be reached."));
        assertThat(text()).contains("The hub cannot be reached.");

        press(Named.DOWN, Named.ENTER);
        assertThat(step.effect()).isEqualTo(new Effect.Leave(Outcome.CHAT_WITH_DEMO));
    }

    @Test
    void aDownloadThatEndsWhileItAsksIsDone() {
        toSummary().press(Named.ENTER, Named.ESCAPE);
        step = Wizard.onEvent(state(), new WizardEvent.PullDone());

        assertThat(state().page()).isEqualTo(PageId.DONE);
    }

    @Test
    void beforeTheMachineIsMeasuredThereIsNoListOfModels() {
        step = Wizard.begin(Worlds.facts(Purpose.FIRST_RUN), "");
        press(Named.ENTER, Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.MACHINE);
        assertThat(state().notice()).contains("still being measured");

        step = Wizard.onEvent(state(), world.look());
        assertThat(state().notice()).as("nobody waits for it any more").isEmpty();
        press(Named.ENTER);
        assertThat(state().page()).isEqualTo(PageId.MODELS);
    }

    @Test
    void noKeyOnAnyPageAtAnySizeIsTooMuch() {
        List<Key> keys = List.of(
                Named.DOWN,
                Named.UP,
                Named.PAGE_DOWN,
                Named.PAGE_UP,
                Named.LEFT,
                Named.RIGHT,
                Named.HOME,
                Named.END,
                Named.BACKSPACE,
                Named.DELETE,
                new Typed('x'),
                Named.ENTER,
                Named.ESCAPE);
        var random = new java.util.Random(7);
        for (int presses = 0; presses < 5000; presses++) {
            press(keys.get(random.nextInt(keys.size())));
            if (step.effect() instanceof Effect.Pull) {
                step = Wizard.onEvent(state(), new WizardEvent.PullFailed("no"));
            }
            int columns = 1 + random.nextInt(120);
            int rows = 1 + random.nextInt(40);
            assertThat(Frame.of(state(), columns, rows))
                    .hasSizeLessThanOrEqualTo(rows)
                    .allSatisfy(line -> assertThat(line.text().length()).isLessThanOrEqualTo(columns));
        }
    }

    private String text() {
        return String.join(
                " ",
                Frame.of(state(), 80, 24).stream()
                        .map(line -> line.text().strip())
                        .toList());
    }
}
