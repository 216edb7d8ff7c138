package dev.flexgen.chat.wizard.screen;

import static org.assertj.core.api.Assertions.assertThat;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.screen.TerminalScreen;
import com.googlecode.lanterna.terminal.virtual.DefaultVirtualTerminal;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Step;
import dev.flexgen.chat.wizard.WizardWorld;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** The wizard on a terminal in memory, with somebody in front of it. */
final class VirtualScreen implements AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final long SETTLED_MILLIS = 40;

    private final DefaultVirtualTerminal terminal;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    VirtualScreen(int columns, int rows, Step first, WizardWorld world) {
        terminal = new DefaultVirtualTerminal(new TerminalSize(columns, rows));
        Thread.ofPlatform().daemon().name("wizard").start(() -> {
            try (var screen = new TerminalScreen(terminal)) {
                screen.startScreen();
                outcome.complete(new WizardLoop(screen, new Painter(screen, Theme.ANSI), world).run(first));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
    }

    void press(KeyType... keys) {
        for (KeyType key : keys) {
            terminal.addInput(new KeyStroke(key));
        }
    }

    void controlC() {
        terminal.addInput(new KeyStroke('c', true, false));
    }

    void type(String text) {
        text.chars().forEach(character -> terminal.addInput(new KeyStroke((char) character, false, false)));
    }

    void resize(int columns, int rows) {
        terminal.setTerminalSize(new TerminalSize(columns, rows));
    }

    /** Waits for a picture and returns it, without blanks at line ends and empty lines at the end. */
    String await(String what, Predicate<String> wanted) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            String picture = picture();
            Thread.sleep(SETTLED_MILLIS);
            if (wanted.test(picture) && picture.equals(picture())) {
                return picture; // not one that was being drawn
            }
            assertThat(outcome.isCompletedExceptionally())
                    .as("failed: " + outcome)
                    .isFalse();
            assertThat(System.nanoTime())
                    .as("waiting for " + what + " on\n" + picture)
                    .isLessThan(end);
        }
    }

    String awaitText(String text) throws InterruptedException {
        return await(text, picture -> picture.contains(text));
    }

    Outcome awaitOutcome() throws Exception {
        return outcome.get(20, TimeUnit.SECONDS);
    }

    private String picture() {
        TerminalSize size = terminal.getTerminalSize();
        StringBuilder picture = new StringBuilder();
        for (int row = 0; row < size.getRows(); row++) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < size.getColumns(); column++) {
                line.append(terminal.getCharacter(column, row).getCharacterString());
            }
            picture.append(line.toString().stripTrailing()).append('\n');
        }
        return picture.toString().stripTrailing();
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (RuntimeException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }
}
