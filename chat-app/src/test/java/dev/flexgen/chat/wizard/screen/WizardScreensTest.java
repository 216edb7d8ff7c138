package dev.flexgen.chat.wizard.screen;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.input.KeyType;
import dev.flexgen.chat.pull.FileProgress;
import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.chat.wizard.Wizard;
import dev.flexgen.chat.wizard.WizardEvent;
import dev.flexgen.chat.wizard.Worlds;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people see, page by page, on terminals of two sizes; the pictures lie beside this test's resources. */
class WizardScreensTest {

    private static final long MIB = 1 << 20;

    private final Worlds world = new Worlds();

    private VirtualScreen open(int columns, int rows) {
        return new VirtualScreen(columns, rows, Wizard.begin(Worlds.facts(Purpose.FIRST_RUN), ""), world);
    }

    @ParameterizedTest
    @CsvSource({"60, 20", "80, 24"})
    void thePagesOfTheWholeWay(int columns, int rows) throws Exception {
        world.progress = List.of(new PullState(
                "opt-1.3b",
                List.of(
                        new FileProgress("config.json", 653, 653, Phase.DONE),
                        new FileProgress("pytorch_model.bin", 2510 * MIB, 628 * MIB, Phase.LOADING)),
                2510 * MIB,
                628 * MIB,
                12.5 * MIB,
                ""));
        world.pullWaits = true;
        try (var screen = open(columns, rows)) {
            StringBuilder all = new StringBuilder();
            append(all, screen.awaitText("Choose a model"));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("RTX 3090"));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("A REPLY"));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("agree to it"));
            screen.press(KeyType.ArrowDown, KeyType.Enter);
            screen.awaitText("Another folder");
            screen.press(KeyType.ArrowDown);
            screen.type("/data");
            append(all, screen.awaitText("/data"));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("\"store\": \"/data\""));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("12.5 MiB/s, "));
            screen.press(KeyType.Escape);
            append(all, screen.awaitText("Stop the download?"));
            screen.press(KeyType.ArrowDown, KeyType.Enter);
            append(all, screen.awaitText("What is here is kept"));
            screen.controlC();
            assertThat(screen.awaitOutcome()).isEqualTo(Outcome.LEFT);
            assertThat(all.toString()).isEqualTo(golden("wizard-" + columns + "x" + rows + ".txt"));
        }
    }

    @ParameterizedTest
    @CsvSource({"60, 20", "80, 24"})
    void whereAGpuComputesModelsAreJudgedByThePlan(int columns, int rows) throws Exception {
        world.machine = Worlds.WITH_GPU;
        try (var screen = open(columns, rows)) {
            StringBuilder all = new StringBuilder();
            screen.awaitText("Choose a model");
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("RTX 3090"));
            screen.press(KeyType.Enter);
            append(all, screen.awaitText("A REPLY"));
            assertThat(all.toString()).isEqualTo(golden("wizard-gpu-" + columns + "x" + rows + ".txt"));
        }
    }

    @Test
    void anotherSizeIsDrawnAnew() throws Exception {
        try (var screen = open(80, 24)) {
            screen.press(KeyType.Enter);
            screen.awaitText("RTX 3090");
            screen.press(KeyType.Enter);
            screen.awaitText("does not fit");
            screen.resize(60, 12);
            String low = screen.await(
                    "the keys in the last row", picture -> picture.lines().count() == 12);
            assertThat(low).contains("A REPLY", "Licence:", "> opt-1.3b").doesNotContain("opt-66b");

            screen.resize(100, 30);
            assertThat(screen.awaitText("opt-66b")).hasLineCount(30);
        }
    }

    @Test
    void theEndOfTheWayIsAConversation() throws Exception {
        try (var screen = open(60, 20)) {
            screen.press(KeyType.Enter);
            screen.awaitText("RTX 3090");
            screen.press(KeyType.Enter, KeyType.Enter, KeyType.ArrowDown, KeyType.Enter);
            screen.awaitText("Another folder");
            screen.press(KeyType.Enter);
            screen.awaitText("\"model\": \"opt-1.3b\"");
            screen.press(KeyType.Enter);
            screen.awaitText("Start chatting");
            screen.press(KeyType.Enter);

            assertThat(screen.awaitOutcome()).isEqualTo(Outcome.CHAT);
            assertThat(world.asked).containsExactly("store  2631516160", "save opt-1.3b ", "pull opt-1.3b", "stop");
        }
    }

    @Test
    void offlineLeadsToTheDemo() throws Exception {
        world.pullEnd = new WizardEvent.PullFailed("https://huggingface.co cannot be reached; check the network.");
        try (var screen = open(60, 20)) {
            screen.press(KeyType.Enter);
            screen.awaitText("RTX 3090");
            screen.press(KeyType.Enter, KeyType.Enter, KeyType.ArrowDown, KeyType.Enter, KeyType.Enter);
            screen.awaitText("Save it and download");
            screen.press(KeyType.Enter);
            assertThat(screen.awaitText("Talk with the demo model for now")).contains("cannot be reached");
            screen.press(KeyType.ArrowDown, KeyType.Enter);

            assertThat(screen.awaitOutcome()).isEqualTo(Outcome.CHAT_WITH_DEMO);
        }
    }

    @Test
    void whoHangsUpLeaves() throws Exception {
        try (var screen = open(60, 20)) {
            screen.awaitText("Choose a model");
            screen.press(KeyType.EOF);
            assertThat(screen.awaitOutcome()).isEqualTo(Outcome.LEFT);
        }
    }

    private static void append(StringBuilder all, String picture) {
        all.append(picture).append("\n").append("=".repeat(20)).append("\n");
    }

    private static String golden(String name) throws IOException {
        try (InputStream file = WizardScreensTest.class.getResourceAsStream(name)) {
            return file == null ? "no " + name : new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
