package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.pull.Bar;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PlainProgress;
import dev.flexgen.chat.pull.ProgressScreen;
import dev.flexgen.chat.pull.PullDisplay;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.pull.WatchedPull;
import dev.flexgen.chat.repl.SystemTerminal;
import dev.flexgen.chat.setup.SetupWizard;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubRef;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jline.terminal.Terminal;

/** One download on the command line, shown as the caller wants it. */
final class PullRun {

    private final Wiring wiring;
    private final Settings settings;
    private final Streams streams;
    private final ModelPull pull;

    /** How it is shown. */
    enum Output {
        /** On standard error, as well as that can show it; nothing with {@code --quiet}. */
        FOR_PEOPLE,
        /** As objects on standard output. */
        JSON
    }

    PullRun(Wiring wiring, Settings settings) {
        this(wiring, settings, wiring.modelPull(settings.get(SettingTable.STORE)));
    }

    PullRun(Wiring wiring, Settings settings, ModelPull pull) {
        this.wiring = wiring;
        this.settings = settings;
        this.streams = wiring.streams();
        this.pull = pull;
    }

    /** Returns when all is here, or the user has interrupted it. */
    ExitCode run(HubRef model, Output output) {
        if (output == Output.JSON) {
            return run(model, new JsonProgress(streams::printLine, System::nanoTime));
        }
        if (settings.get(SettingTable.QUIET)) {
            return run(model, PullDisplay.NONE);
        }
        if (SetupWizard.dumb(wiring) || !streams.errTerminal().getAsBoolean()) {
            return run(model, new PlainProgress(streams.err(), System::nanoTime));
        }
        return onTerminal(model);
    }

    private ExitCode onTerminal(HubRef model) {
        Map<String, String> variables = wiring.environment().variables();
        Bar bar = Bar.choose(variables);
        try (Terminal terminal = SystemTerminal.openForErr(variables)) {
            // Asking for the size starts a process, so it is asked when it changes and not each time something is
            // drawn.
            var size = new AtomicReference<>(SystemTerminal.size(terminal, variables));
            try (var _ = SystemTerminal.onResize(() -> size.set(SystemTerminal.size(terminal, variables)))) {
                return run(model, new ProgressScreen(streams.err(), size::get, bar));
            }
        } catch (IOException noSize) {
            return run(model, new PlainProgress(streams.err(), System::nanoTime));
        }
    }

    private ExitCode run(HubRef model, PullDisplay display) {
        wiring.interruption().onStop(pull::stop);
        try {
            PullState end = new WatchedPull(pull, display).run(model);
            say(model + " is here: " + end.files().size() + " files, " + Bytes.format(end.totalBytes()));
            return ExitCode.OK;
        } catch (CancellationException stopped) {
            say("stopped; what is here of " + model + " is kept, and the same command goes on from it");
            return ExitCode.INTERRUPTED;
        } finally {
            wiring.interruption().nothingToStop();
        }
    }

    private void say(String sentence) {
        if (!settings.get(SettingTable.QUIET)) {
            streams.note(sentence);
        }
    }
}
