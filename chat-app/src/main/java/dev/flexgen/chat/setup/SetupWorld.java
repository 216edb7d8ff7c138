package dev.flexgen.chat.setup;

import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.machine.MachineProbe;
import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.pull.ModelPull;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.wizard.Answers;
import dev.flexgen.chat.wizard.WizardEvent;
import dev.flexgen.chat.wizard.WizardWorld;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.DiskSpace;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubCache;
import dev.flexgen.hub.HubRef;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The world as it is. One per run of the setup; its methods may be called from several threads. */
public final class SetupWorld implements WizardWorld {

    private final Wiring wiring;
    private final Settings settings;
    private final String store;
    private final MachineProbe machine;
    private volatile @Nullable ModelPull pull;

    /**
     * The world of this program.
     *
     * @param settings whose options of this call are kept
     * @param store what the settings say already; empty for the folder of Hugging Face's tools
     * @param machine as the settings would use it
     */
    public SetupWorld(Wiring wiring, Settings settings, String store, MachineProbe machine) {
        this.wiring = wiring;
        this.settings = settings;
        this.store = store;
        this.machine = machine;
    }

    @Override
    public WizardEvent.Looked look() {
        MachineReport seen = machine.look();
        HubCache cache = wiring.hubCache(store);
        return new WizardEvent.Looked(
                seen,
                ModelChoices.of(wiring.catalogue(), seen, entry -> here(cache, entry)),
                DiskSpace.free(cache.root()));
    }

    /** Whether its files are in a store. */
    static boolean here(HubCache cache, CatalogueEntry entry) {
        return cache.find(entry.hubId(), HubRef.MAIN).isPresent();
    }

    @Override
    public WizardEvent.StoreChecked checkStore(String folder, long bytes) {
        Path standard = wiring.hubCache("").root();
        try {
            Path chosen = folder.isEmpty() ? standard : wiring.environment().path(folder);
            String remembered = chosen.equals(standard) ? "" : chosen.toString();
            return new WizardEvent.StoreChecked(remembered, StoreFolder.problem(chosen, bytes));
        } catch (ConfigException noPath) {
            return new WizardEvent.StoreChecked("", Failures.sentence(noPath));
        }
    }

    @Override
    public WizardEvent.FolderChecked checkFolder(String folder) {
        try {
            Path path = wiring.environment().path(folder);
            return new WizardEvent.FolderChecked(path.toString(), WeightFolder.problem(path));
        } catch (RuntimeException wrong) {
            return new WizardEvent.FolderChecked(folder, Failures.sentence(wrong));
        }
    }

    @Override
    public WizardEvent.Previewed preview(Answers answers) {
        try {
            return new WizardEvent.Previewed(update(answers).content(), "");
        } catch (ConfigException unreadable) {
            return new WizardEvent.Previewed("", Failures.sentence(unreadable));
        }
    }

    @Override
    public WizardEvent.Saved save(Answers answers) {
        try {
            update(answers).write();
            return new WizardEvent.Saved("");
        } catch (ConfigException unwritable) {
            return new WizardEvent.Saved(Failures.sentence(unwritable));
        }
    }

    private ConfigUpdate update(Answers answers) {
        ConfigUpdate update = new ConfigUpdate(wiring.dirs().configFile())
                .set(SettingTable.MODEL, answers.model())
                .set(SettingTable.STORE, answers.store());
        KeptLimits.add(update, wiring, settings);
        return update;
    }

    @Override
    public WizardEvent pull(Answers answers, Consumer<PullState> progress) {
        ModelPull running = wiring.modelPull(answers.store());
        pull = running;
        try {
            String id = answers.entry().map(CatalogueEntry::hubId).orElse(answers.model());
            running.run(new HubRef(id, HubRef.MAIN), progress);
            return new WizardEvent.PullDone();
        } catch (CancellationException stopped) {
            return new WizardEvent.PullStopped();
        } catch (RuntimeException | Error failed) {
            return new WizardEvent.PullFailed(Failures.sentence(failed));
        }
    }

    @Override
    public void stopPull() {
        ModelPull running = pull;
        if (running != null) {
            running.stop();
        }
    }
}
