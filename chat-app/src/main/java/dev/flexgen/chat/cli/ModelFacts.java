package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.chat.repl.command.Partner.Facts;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.memory.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the chat can tell of an open model. */
final class ModelFacts {

    private ModelFacts() {}

    static Facts of(ModelInUse open) {
        Model model = open.model();
        String weights = model.weights().name().toLowerCase(Locale.ROOT);
        String places = places(model.heldBytes());
        return new Facts(
                weights,
                places,
                List.of(
                        "folder " + open.resolved().folder(),
                        "weights " + weights + ", loaded in " + seconds(model.loadSeconds())),
                plan(model, places));
    }

    private static List<String> plan(Model model, String places) {
        List<String> lines = new ArrayList<>();
        lines.add("held: " + places);
        lines.add("computed by " + model.machine().deviceName());
        lines.add("a token reads " + Bytes.format(model.weightBytesPerToken()) + " of weights");
        model.knownEstimate().ifPresent(it -> lines.add(SpeedWords.of(it)));
        lines.addAll(model.notes());
        return lines;
    }

    private static String places(Map<Tier, Long> held) {
        return Stream.of(Tier.values())
                .filter(tier -> held.getOrDefault(tier, 0L) > 0)
                .map(tier -> word(tier) + " " + Bytes.format(held.getOrDefault(tier, 0L)))
                .collect(Collectors.joining(", "));
    }

    private static String word(Tier tier) {
        return switch (tier) {
            case GPU -> "GPU";
            case HOST -> "host";
            case DISK -> "disk";
        };
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.1f s", seconds);
    }
}
