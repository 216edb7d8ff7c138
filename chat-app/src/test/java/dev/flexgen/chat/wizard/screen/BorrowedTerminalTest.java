package dev.flexgen.chat.wizard.screen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.chat.wizard.Wizard;
import dev.flexgen.chat.wizard.Worlds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.builtins.ScreenTerminal;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bridge from the line editor's terminal to Lanterna's, with bytes at both ends. */
class BorrowedTerminalTest {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);
    private static final String DOWN = "\u001b[B";

    private final Sent sent = new Sent();
    private final Worlds world = new Worlds();
    private volatile String forShell = "";
    private volatile boolean shellTakes = true;
    private LineDisciplineTerminal terminal;

    BorrowedTerminalTest() throws IOException {
        terminal = new LineDisciplineTerminal("test", "xterm", sent, StandardCharsets.UTF_8);
    }

    @BeforeEach
    void size() {
        terminal.setSize(new Size(70, 20));
    }

    @AfterEach
    void close() throws IOException {
        terminal.close();
    }

    private CompletableFuture<Outcome> start() {
        return start(Purpose.SETUP).thenApply(WizardScreen.End::outcome);
    }

    private CompletableFuture<WizardScreen.End> start(Purpose purpose) {
        var end = new CompletableFuture<WizardScreen.End>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                end.complete(WizardScreen.run(
                        terminal,
                        Theme.ANSI,
                        Wizard.begin(Worlds.facts(purpose), ""),
                        world,
                        () -> this::typeForShell));
            } catch (Throwable e) {
                end.completeExceptionally(e);
            }
        });
        return end;
    }

    private boolean typeForShell(String keys) {
        forShell = keys;
        return shellTakes;
    }

    /** What is still in the terminal, for whoever reads it next. */
    private String waiting() throws IOException {
        var text = new StringBuilder();
        for (int key = terminal.reader().read(1);
                key >= 0;
                key = terminal.reader().read(1)) {
            text.append((char) key);
        }
        return text.toString();
    }

    @Test
    void whatIsTypedInOneGoWithTheEscThatLeavesIsTypedAgainForTheShell() throws Exception {
        var end = start(Purpose.SETUP);
        await("Esc leave");
        type("\u001bécho 1\r");

        assertThat(end.get(20, TimeUnit.SECONDS)).isEqualTo(new WizardScreen.End(Outcome.LEFT, ""));
        assertThat(forShell + waiting()).isEqualTo("écho 1\n");
    }

    @Test
    void whatCannotBeTypedAgainIsHandedOver() throws Exception {
        shellTakes = false;
        var end = start(Purpose.SETUP);
        await("Esc leave");
        type("\u001becho 1\r");

        assertThat(end.get(20, TimeUnit.SECONDS)).isEqualTo(new WizardScreen.End(Outcome.LEFT, "echo 1\n"));
    }

    @Test
    void whatIsTypedInOneGoWithTheEscOfAFirstRunIsForTheChat() throws Exception {
        var end = start(Purpose.FIRST_RUN);
        await("Esc demo this time");
        type("\u001bHello\r");

        var is = end.get(20, TimeUnit.SECONDS);
        assertThat(is.outcome()).isEqualTo(Outcome.CHAT_WITH_DEMO);
        assertThat(is.typed() + waiting()).isEqualTo("Hello\n");
        assertThat(forShell).isEmpty();
    }

    @Test
    void whatIsTypedBehindAKeyThatLeavesStaysInTheTerminal() throws Exception {
        for (String leave : List.of("\u0003ls\r", "\u001bl")) {
            var end = start(Purpose.SETUP);
            await("Esc leave");
            type(leave);

            assertThat(end.get(20, TimeUnit.SECONDS)).isEqualTo(new WizardScreen.End(Outcome.LEFT, ""));
            assertThat(forShell + waiting()).isEqualTo(leave.substring(1).replace('\r', '\n'));
            sent.forget();
        }
    }

    @Test
    void keysBehindAnEscActOnThePageBefore() throws Exception {
        var outcome = start();
        await("Esc leave");
        type("\r");
        await("RTX 3090");
        type("\u001b" + DOWN + "\r");
        await("Save it");
        type("\u001b\u001b\u0003");

        assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.LEFT);
    }

    @Test
    void anAnswerToAQuestionOfAnEarlierProgramIsNoEsc() throws Exception {
        var outcome = start();
        await("Esc leave");
        type("\u001b]11;rgb:0000/0000/0000\u001b\\\u001bP>|XTerm(1)\u0007" + "\u001b[?62;22c" + "\u001b[24;5~" + DOWN);
        await("> Use the demo model");
        type("\u0003");

        assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.LEFT);
    }

    private void type(String keys) throws IOException {
        terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
    }

    private void await(String text) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!sent.screen(terminal.getSize()).contains(text)) {
            assertThat(System.nanoTime())
                    .as("waiting for " + text + " on\n" + sent.screen(terminal.getSize()))
                    .isLessThan(end);
            Thread.sleep(10);
        }
    }

    @Test
    void keysArriveAndTheTerminalIsGivenBack() throws Exception {
        Attributes before = terminal.getAttributes();
        var outcome = start();
        await("Choose a model");
        assertThat(terminal.getAttributes().getLocalFlag(LocalFlag.ISIG))
                .as("Ctrl-C is a key")
                .isFalse();

        type("\r");
        await("RTX 3090");
        type("\r");
        await("a folder on this machine");
        type("\u001b[6~" + "\u001b[6~");
        await("> a folder on this machine");
        type("\r");
        await("Folder:");
        type("/größe/x\u007f" + "weights");
        await("/größe/weights_");
        type("\u0003");

        assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.LEFT);
        assertThat(terminal.getAttributes().toString()).isEqualTo(before.toString());
        assertThat(sent.text()).contains("\u001b[?1049h");
        assertThat(lastSwitch("?1049")).as("the main screen").isEqualTo('l');
        assertThat(lastSwitch("?25")).as("a cursor").isEqualTo('h');
    }

    private char lastSwitch(String mode) {
        String all = sent.text();
        return all.charAt(all.lastIndexOf("\u001b[" + mode) + 2 + mode.length());
    }

    @Test
    void aWindowThatChangesIsDrawnAnew() throws Exception {
        var outcome = start();
        await("Esc leave");
        terminal.setSize(new Size(60, 12));
        sent.forget();
        terminal.raise(Signal.WINCH);
        await("Esc leave");
        type(DOWN);
        await("> Use the demo model");
        type("\u001b");

        assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(Outcome.LEFT);
    }

    @Test
    void anAbruptEndGivesTheTerminalBackAndNothingIsDrawnAfterIt() throws Exception {
        Attributes before = terminal.getAttributes();
        var bridge = new BorrowedTerminal(terminal);
        bridge.enterPrivateMode();
        bridge.putString("before");

        bridge.restoreAbruptly();
        bridge.putString("after");
        bridge.flush();

        assertThat(sent.text())
                .contains("before", "\u001b[?1049l", "\u001b[?25h")
                .doesNotContain("after");
        assertThat(terminal.getAttributes().toString()).isEqualTo(before.toString());
        bridge.exitPrivateMode();
    }

    /** What was sent to the terminal. */
    private static final class Sent extends ByteArrayOutputStream {

        String text() {
            return toString(StandardCharsets.UTF_8);
        }

        synchronized void forget() {
            reset();
        }

        synchronized String screen(Size size) {
            try {
                var screen = new ScreenTerminal(size.getColumns(), size.getRows());
                screen.write(text());
                return screen.toString();
            } catch (RuntimeException e) {
                throw new UncheckedIOException(new IOException(e));
            }
        }
    }
}
