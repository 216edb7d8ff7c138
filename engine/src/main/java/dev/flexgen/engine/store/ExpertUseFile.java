package dev.flexgen.engine.store;

import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.ExpertUse;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** How often experts were chosen, beside a packed model, so that the next plan knows which are worth the fastest memory. */
final class ExpertUseFile {

    static final String NAME = "experts.json";

    private static final HintFile FILE = new HintFile(NAME, 4 << 20);

    /** What the file holds. */
    private record Content(@Nullable List<List<Long>> chosen_by_layer, long tokens) {}

    private ExpertUseFile() {}

    static Optional<ExpertUse> read(Path folder, ModelSpec spec) {
        return FILE.read(folder, Content.class).flatMap(content -> use(content, spec));
    }

    private static Optional<ExpertUse> use(Content content, ModelSpec spec) {
        List<List<Long>> chosen = content.chosen_by_layer();
        if (chosen == null || chosen.stream().anyMatch(it -> it == null || it.contains(null))) {
            return Optional.empty();
        }
        List<Integer> experts = IntStream.range(0, spec.layers())
                .mapToObj(layer -> spec.block(layer).feedForward().experts())
                .toList();
        try {
            return Optional.of(new ExpertUse(chosen, content.tokens())).filter(use -> use.isOf(experts));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static void write(Path folder, ExpertUse use) {
        FILE.write(folder, new Content(use.layers(), use.tokens()));
    }
}
