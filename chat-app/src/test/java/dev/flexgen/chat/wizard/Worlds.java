package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.Expectation;
import dev.flexgen.chat.machine.Gpu;
import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.pull.Bar;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.wizard.Choice.Place;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.SettingTable;
import dev.flexgen.engine.EngineOptions;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.plan.Budget;
import dev.flexgen.engine.plan.MachineState;
import dev.flexgen.engine.plan.MachineState.Found;
import dev.flexgen.engine.plan.TestMachines;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/** A made-up world: a small machine, and a hub whose downloads go as the test says. */
public final class Worlds implements WizardWorld {

    private static final long GIB = 1L << 30;

    public static final MachineReport WITH_GPU = new MachineReport(
            8,
            OptionalLong.of(32 * GIB),
            OptionalLong.of(20 * GIB),
            List.of(new Gpu("NVIDIA GeForce RTX 3090", OptionalLong.of(24 * GIB))),
            new ModelFitter(
                    new MachineState(
                            new Found.WithGpus("NVIDIA GeForce RTX 3090"),
                            new Budget(List.of(new Budget.Gpu(23 * GIB, 2L << 20)), 20 * GIB, false),
                            Optional.of(TestMachines.gpu(800e9, 24e9, 40e9, 20e9, 30e9))),
                    EngineOptions.defaults().model()));

    /** The same machine with a driver that is too old. */
    public static final MachineReport WITHOUT_GPU = new MachineReport(
            WITH_GPU.cores(),
            WITH_GPU.memoryBytes(),
            WITH_GPU.freeMemoryBytes(),
            WITH_GPU.gpus(),
            new ModelFitter(
                    new MachineState(
                            new Found.ProcessorAlone(
                                    "the NVIDIA driver supports CUDA 12.4, this program needs 13.0; install a driver"
                                            + " of version 580 or later"),
                            new Budget(List.of(), 20 * GIB, false),
                            Optional.of(TestMachines.processor(28e9))),
                    EngineOptions.defaults().model()));

    public MachineReport machine = WITHOUT_GPU;

    /** What was asked of it, in order. */
    public final List<String> asked = new ArrayList<>();

    private final CountDownLatch stopped = new CountDownLatch(1);

    /** Says how downloads end; until then they go on. */
    public WizardEvent pullEnd = new WizardEvent.PullDone();

    public boolean pullWaits;

    /** Progress to show before that. */
    public List<PullState> progress = List.of();

    public static Facts facts(Facts.Purpose purpose) {
        return Facts.before(
                purpose, Bar.LINES, Path.of("/home/ana/.config/flexgen-chat/config.json"), Path.of("/home/ana/hub"));
    }

    /** OPT models only, with opt-125m here already. */
    public static List<Choice> choices(MachineReport machine) {
        return Catalogue.load().entries().stream()
                .filter(entry -> entry.series().equals("OPT"))
                .map(entry -> new Choice(
                        entry,
                        Expectation.of(entry, machine.outlook()),
                        entry.name().equals("opt-125m")
                                ? Place.HERE
                                : entry.downloadable() ? Place.ON_THE_HUB : Place.ON_REQUEST))
                .sorted(Comparator.comparing(choice -> !choice.expectation().fits()))
                .toList();
    }

    @Override
    public WizardEvent.Looked look() {
        return new WizardEvent.Looked(machine, choices(machine), 120 * GIB);
    }

    @Override
    public WizardEvent.StoreChecked checkStore(String folder, long bytes) {
        asked.add("store " + folder + " " + bytes);
        return folder.contains("full")
                ? new WizardEvent.StoreChecked("", folder + " has 1.0 GiB free.")
                : new WizardEvent.StoreChecked(folder, "");
    }

    @Override
    public WizardEvent.FolderChecked checkFolder(String folder) {
        asked.add("folder " + folder);
        return new WizardEvent.FolderChecked(folder, folder.contains("weights") ? "" : folder + " holds no model.");
    }

    @Override
    public WizardEvent.Previewed preview(Answers answers) {
        String content = new ConfigUpdate(Path.of("target", "no-settings", "config.json"))
                .set(SettingTable.MODEL, answers.model())
                .set(SettingTable.STORE, answers.store())
                .content();
        return new WizardEvent.Previewed(content, "");
    }

    @Override
    public WizardEvent.Saved save(Answers answers) {
        asked.add("save " + answers.model() + " " + answers.store());
        return new WizardEvent.Saved("");
    }

    @Override
    public WizardEvent pull(Answers answers, Consumer<PullState> listener) {
        asked.add("pull " + answers.model());
        progress.forEach(listener);
        if (pullWaits) {
            try {
                stopped.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return new WizardEvent.PullStopped();
        }
        return pullEnd;
    }

    @Override
    public void stopPull() {
        asked.add("stop");
        stopped.countDown();
    }
}
