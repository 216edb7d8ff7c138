package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.plan.MachineState.Found;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** What the machine has. */
final class MachinePage implements Page {

    @Override
    public String title() {
        return "This machine";
    }

    @Override
    public String keys(WizardState state) {
        return "Enter go on   Esc back   Ctrl-C leave";
    }

    @Override
    public List<Line> lines(WizardState state, int width, int height) {
        List<Line> lines = new ArrayList<>();
        if (state.facts().machine().isEmpty()) {
            return Line.wrapped("Measuring how fast it moves and reads memory ...", width);
        }
        MachineReport machine = state.facts().machine().get();
        lines.addAll(fact("Processor", machine.cores() + (machine.cores() == 1 ? " core" : " cores"), width));
        lines.addAll(fact("Memory", memory(machine), width));
        lines.addAll(fact("Disk", Bytes.format(state.facts().storeFreeBytes()) + " free for models", width));
        lines.addAll(fact("GPU", gpus(machine), width));
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(computing(machine), width));
        SpeedWords.caution(machine.outlook().state().profile())
                .ifPresent(caution -> lines.addAll(Line.wrapped("Speeds may be too low: " + caution + ".", width)));
        return lines;
    }

    private static String memory(MachineReport machine) {
        return size(machine.freeMemoryBytes()) + " free of " + size(machine.memoryBytes())
                + machine.outlook()
                        .state()
                        .profile()
                        .map(it -> String.format(
                                Locale.ROOT, ", read at %.0f GB/s", it.host().read() / 1e9))
                        .orElse("");
    }

    /** Who computes, and what follows from it. Where the driver's tool knows a GPU that is of no use, which of both counts. */
    private static String computing(MachineReport machine) {
        return switch (machine.outlook().state().found()) {
            case Found.WithGpus found ->
                whoComputes(machine, found)
                        + "The rest of a model stays in host memory, where the processor helps. Each token of a reply"
                        + " needs the whole model, except for inactive neurons.";
            case Found.ProcessorAlone alone ->
                (machine.gpus().isEmpty()
                                ? ""
                                : "The driver names a GPU, but this program does not use it and counts on the"
                                        + " processor alone: "
                                        + alone.reason() + ". ")
                        + "A reply is as fast as the memory: each of its tokens needs the whole model, except for"
                        + " inactive neurons.";
            case Found.Nobody nobody -> "With the present settings no model can be used. " + nobody.sentence() + ".";
        };
    }

    private static String whoComputes(MachineReport machine, Found.WithGpus found) {
        if (found.gpus().size() > 1) {
            return found.gpus().size() + " GPUs compute, " + found.names() + ". ";
        }
        return machine.gpus().size() > 1
                ? "One of the GPUs computes, " + found.names() + "; --gpus chooses others. "
                : "The GPU computes. ";
    }

    private static List<Line> fact(String name, String value, int width) {
        String row = String.format(Locale.ROOT, "%-10s %s", name, value);
        return row.length() <= width ? List.of(Line.plain(row)) : Line.wrapped(name + ": " + value, width);
    }

    private static String size(OptionalLong bytes) {
        return bytes.isPresent() ? Bytes.format(bytes.getAsLong()) : "an unknown amount";
    }

    /** As the driver's tool names them; where there is no such tool, as the engine does. */
    private static String gpus(MachineReport machine) {
        if (machine.gpus().isEmpty()) {
            return machine.outlook().state().found() instanceof Found.WithGpus gpu ? gpu.names() : "none found";
        }
        return machine.gpus().stream()
                .map(gpu -> gpu.name()
                        + (gpu.memoryBytes().isPresent()
                                ? ", " + Bytes.format(gpu.memoryBytes().getAsLong())
                                : ""))
                .collect(Collectors.joining("; "));
    }

    @Override
    public int rows(WizardState state) {
        return 1;
    }

    @Override
    public Step enter(WizardState state) {
        return Step.stay(
                state.facts().machine().isPresent()
                        ? state.to(PageId.MODELS)
                        : state.withNotice("One moment, the machine is still being measured."));
    }
}
