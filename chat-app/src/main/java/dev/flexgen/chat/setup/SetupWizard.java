package dev.flexgen.chat.setup;

import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.machine.MachineProbe;
import dev.flexgen.chat.pull.Bar;
import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.chat.repl.TypedAgain;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.chat.wizard.Facts;
import dev.flexgen.chat.wizard.Facts.Purpose;
import dev.flexgen.chat.wizard.Wizard;
import dev.flexgen.chat.wizard.screen.WizardScreen;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jline.terminal.Terminal;

/** The wizard at the terminal that the program was started in. */
public final class SetupWizard {

    private final Wiring wiring;
    private final Settings settings;

    public SetupWizard(Wiring wiring, Settings settings) {
        this.wiring = wiring;
        this.settings = settings;
    }

    /**
     * Whether a chat should begin with it: somebody sits at a terminal that can show it, and neither a setting nor a file says
     * which model it should be.
     *
     * @param terminal what {@link dev.flexgen.chat.Streams#terminal} says
     */
    public static boolean wanted(Wiring wiring, Settings settings, boolean terminal) {
        return terminal
                && settings.source(SettingTable.MODEL) instanceof SettingSource.Default
                && !settings.get(SettingTable.QUIET)
                && !wiring.dirs().configFile().toFile().exists()
                && !dumb(wiring);
    }

    /** A terminal that cannot move its cursor. */
    public static boolean dumb(Wiring wiring) {
        return wiring.environment().variables().getOrDefault("TERM", "dumb").startsWith("dumb");
    }

    /**
     * Shows it until the user leaves. What was typed behind its last key is the shell's if the program ends with it.
     *
     * @return with what a conversation begins that follows
     */
    public WizardScreen.End run(Purpose purpose) {
        Map<String, String> variables = wiring.environment().variables();
        String store = remembered();
        Facts facts = Facts.before(
                purpose,
                Bar.choose(variables),
                wiring.dirs().configFile(),
                wiring.hubCache("").root());
        MachineProbe machine = wiring.machine(wiring.engineOptions(settings));
        Theme theme = Theme.choose(settings.get(SettingTable.COLOR), variables);
        WizardScreen.End end;
        try (Terminal terminal = SystemTerminal.open(variables)) {
            end = WizardScreen.run(
                    terminal,
                    theme,
                    Wizard.begin(facts, store),
                    new SetupWorld(wiring, settings, store, machine),
                    TypedAgain::new);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        switch (end.outcome()) {
            case CHAT, CHAT_WITH_DEMO -> {}
            case DONE, LEFT -> say(end.typed());
        }
        return end;
    }

    /** Says what the shell does not get: to run a part of it would be worse. */
    private void say(String typed) {
        if (!typed.isEmpty()) {
            wiring.streams()
                    .note(
                            "what was typed behind Esc could not be left to the shell, and nothing was done with it; type it"
                                    + " again: " + PlainText.line(typed.strip()));
        }
    }

    /** A variable is for this run only, and so is a store out of one. */
    private String remembered() {
        return settings.source(SettingTable.STORE) instanceof SettingSource.Variable
                ? ""
                : settings.get(SettingTable.STORE);
    }
}
