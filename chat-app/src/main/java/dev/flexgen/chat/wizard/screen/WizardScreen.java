package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.screen.TerminalScreen;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Step;
import dev.flexgen.chat.wizard.WizardWorld;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jline.terminal.Terminal;

/** Shows the wizard on a terminal, which has its screen and its modes back afterwards, however this ends. */
public final class WizardScreen {

    private WizardScreen() {}

    /**
     * How it ended.
     *
     * @param typed behind the key that ended it, where that is not in the terminal
     */
    public record End(Outcome outcome, String typed) {}

    /**
     * Runs it from its first step until the user leaves.
     *
     * @param shell types again, for the shell, what could not stay in the terminal; false if the system does not let it
     */
    public static End run(
            Terminal terminal, Theme theme, Step first, WizardWorld world, Supplier<? extends Predicate<String>> shell)
            throws IOException {
        var bridge = new BorrowedTerminal(terminal);
        var screen = new TerminalScreen(bridge);
        screen.startScreen();
        try {
            Outcome outcome = new WizardLoop(screen, new Painter(screen, theme), world).run(first);
            return new End(outcome, typed(outcome, bridge, shell));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the setup was interrupted");
        } finally {
            screen.stopScreen(false); // what was typed behind the last key is not Lanterna's to throw away
        }
    }

    private static String typed(Outcome outcome, BorrowedTerminal bridge, Supplier<? extends Predicate<String>> shell)
            throws IOException {
        if (!bridge.hasTyped()) {
            return "";
        }
        return switch (outcome) {
            case CHAT, CHAT_WITH_DEMO -> bridge.takeTyped();
            case DONE, LEFT -> {
                Predicate<String> again = shell.get(); // before the keys: those typed after them must not come first
                String typed = bridge.takeTyped();
                boolean others = bridge.isWaiting(); // those would come before it
                yield !others && again.test(typed) ? "" : typed;
            }
        };
    }
}
