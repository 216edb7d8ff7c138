package dev.flexgen.engine.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.ExpertUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How often experts were chosen, beside a packed model, so that the next plan knows which are worth the fastest memory. A hint, as
 * {@link ActivityFile} is one.
 */
final class ExpertUseFile {

    static final String NAME = "experts.json";

    /** Far more than any model has experts. */
    private static final long MOST_BYTES = 4 << 20;

    /** What the file holds. */
    private record Content(@Nullable List<List<Long>> chosen_by_layer, long tokens) {}

    private ExpertUseFile() {}

    static Optional<ExpertUse> read(Path folder, ModelSpec spec) {
        Path file = folder.resolve(NAME);
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
                return Optional.empty();
            }
            Content content = new Gson().fromJson(Files.readString(file), Content.class);
            if (content == null
                    || content.chosen_by_layer() == null
                    || content.chosen_by_layer().stream().anyMatch(it -> it == null || it.contains(null))) {
                return Optional.empty();
            }
            List<Integer> experts = IntStream.range(0, spec.layers())
                    .mapToObj(layer -> spec.block(layer).feedForward().experts())
                    .toList();
            return Optional.of(new ExpertUse(content.chosen_by_layer(), content.tokens()))
                    .filter(use -> use.isOf(experts));
        } catch (IOException | JsonParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static void write(Path folder, ExpertUse use) {
        Path temporary = folder.resolve(NAME + ".new");
        try {
            Files.writeString(temporary, new Gson().toJson(new Content(use.layers(), use.tokens())));
            Files.move(temporary, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // A hint: a store that is read-only or full does without.
        }
    }
}
