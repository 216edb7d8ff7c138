package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.screen.TerminalScreen;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Step;
import dev.flexgen.chat.wizard.WizardWorld;
import java.io.IOException;
import java.io.InterruptedIOException;
import org.jline.terminal.Terminal;

/** Shows the wizard on a terminal, which has its screen and its modes back afterwards, however this ends. */
public final class WizardScreen {

    private WizardScreen() {}

    /** Runs it from its first step until the user leaves. */
    public static Outcome run(Terminal terminal, Theme theme, Step first, WizardWorld world) throws IOException {
        var screen = new TerminalScreen(new BorrowedTerminal(terminal));
        screen.startScreen();
        try {
            return new WizardLoop(screen, new Painter(screen, theme), world).run(first);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the setup was interrupted");
        } finally {
            screen.stopScreen();
        }
    }
}
