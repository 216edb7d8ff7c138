package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.setup.StoreFolder;
import dev.flexgen.chat.setup.WeightFolder;
import dev.flexgen.chat.wizard.Licences;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The setup without pages: the wizard's answers come as options. Asks at a terminal what no option answers; elsewhere that is a
 * wrong usage, found before anything is written.
 */
final class ScriptedSetup {

    private final Wiring wiring;
    private final Settings settings;
    private final Flags flags;
    private final boolean terminal;
    private final String model;

    /** The answers that are not settings. */
    record Flags(boolean acceptLicence, boolean noDownload, boolean yes, boolean anyway) {}

    /** @param terminal whether somebody can be asked */
    ScriptedSetup(Wiring wiring, Settings settings, Flags flags, boolean terminal) {
        this.wiring = wiring;
        this.settings = settings;
        this.flags = flags;
        this.terminal = terminal;
        this.model = settings.get(SettingTable.MODEL);
    }

    ExitCode run() {
        if (BundledModel.named(model).isPresent()) {
            return save(model);
        }
        Path folder = wiring.environment().path(model);
        if (Files.isDirectory(folder)) {
            String problem = WeightFolder.problem(folder);
            if (!problem.isEmpty()) {
                throw CommandException.model(problem);
            }
            return save(folder.toString());
        }
        Optional<AbsentModel> absent = AbsentModel.of(wiring, settings, model);
        if (absent.isEmpty()) {
            var _ = wiring.model(settings, model); // it is here, or this says why it is nothing
            return save(model);
        }
        return fetch(absent.get());
    }

    private ExitCode fetch(AbsentModel absent) {
        if (!flags.anyway()) {
            absent.entry()
                    .flatMap(entry -> Obstacle.of(wiring, settings, entry))
                    .ifPresent(
                            obstacle -> obstacle.requireConsent(wiring.streams(), terminal, "Set it up all the same?"));
        }
        absent.entry().ifPresent(this::requireLicence);
        boolean download = !flags.noDownload() && downloadAgreed(absent);
        String problem = StoreFolder.problem(wiring.hubCache(settings).root(), download ? absent.downloadBytes() : 0);
        if (!problem.isEmpty()) {
            throw CommandException.failure(problem);
        }
        if (download) {
            ExitCode pulled = new PullRun(wiring, settings).run(absent.ref(), PullRun.Output.FOR_PEOPLE);
            if (pulled != ExitCode.OK) {
                return pulled; // a settings file that names a model which is not here would be no help
            }
        }
        return save(model);
    }

    private void requireLicence(CatalogueEntry entry) {
        if (!entry.terms().askFirst() || flags.acceptLicence()) {
            return;
        }
        String licence = entry.name() + " comes under the licence " + Licences.line(entry);
        if (!terminal) {
            throw CommandException.usage(licence + "; add --accept-licence if you agree to it");
        }
        if (!Question.yes(wiring.streams(), licence + ".\nDo you agree to it?")) {
            throw CommandException.failure(
                    "without agreement to its licence " + entry.name() + " is not set up; nothing was" + " changed");
        }
    }

    private boolean downloadAgreed(AbsentModel absent) {
        if (flags.yes()) {
            return true;
        }
        if (!terminal) {
            throw CommandException.usage("add --yes to download " + absent.describe()
                    + ", or --no-download to write the settings file only");
        }
        return Question.yes(wiring.streams(), "Download " + absent.describe() + " now?");
    }

    private ExitCode save(String chosen) {
        Path file = wiring.dirs().configFile();
        var update = new ConfigUpdate(file).set(SettingTable.MODEL, chosen);
        if (settings.source(SettingTable.STORE) instanceof SettingSource.Flag) {
            update.set(SettingTable.STORE, store());
        }
        update.write();
        Streams streams = wiring.streams();
        if (!settings.get(SettingTable.QUIET)) {
            streams.note(file + " now says to talk with " + chosen);
        }
        return ExitCode.OK;
    }

    /** As the wizard writes it: absolute, and not at all for the folder of Hugging Face's tools. */
    private String store() {
        String given = settings.get(SettingTable.STORE);
        if (given.isEmpty()) {
            return "";
        }
        Path folder = wiring.environment().path(given);
        return folder.equals(wiring.hubCache("").root()) ? "" : folder.toString();
    }
}
