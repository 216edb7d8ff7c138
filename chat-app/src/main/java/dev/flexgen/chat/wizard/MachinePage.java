package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.Gpu;
import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.config.Bytes;
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
            lines.add(Line.plain("Measuring how fast it reads memory ..."));
            return lines;
        }
        MachineReport machine = state.facts().machine().get();
        lines.add(fact("Processor", machine.cores() + (machine.cores() == 1 ? " core" : " cores")));
        lines.add(fact(
                "Memory",
                size(machine.freeMemoryBytes()) + " free of " + size(machine.memoryBytes())
                        + String.format(Locale.ROOT, ", read at %.0f GB/s", machine.hostReadBytesPerSecond() / 1e9)));
        lines.add(fact("Disk", Bytes.format(state.facts().storeFreeBytes()) + " free for models"));
        lines.add(fact("GPU", gpus(machine.gpus())));
        lines.add(Line.BLANK);
        lines.addAll(Line.wrapped(
                machine.gpus().isEmpty()
                        ? "A reply is as fast as the memory: each of its tokens reads the whole model once."
                        : "This version computes on the processor only and leaves the GPU alone. A reply is as fast as the"
                                + " memory: each of its tokens reads the whole model once.",
                width));
        return lines;
    }

    private static Line fact(String name, String value) {
        return Line.plain(String.format(Locale.ROOT, "%-10s %s", name, value));
    }

    private static String size(OptionalLong bytes) {
        return bytes.isPresent() ? Bytes.format(bytes.getAsLong()) : "an unknown amount";
    }

    private static String gpus(List<Gpu> gpus) {
        return gpus.isEmpty()
                ? "none found"
                : gpus.stream()
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
