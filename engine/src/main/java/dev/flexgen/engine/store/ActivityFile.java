package dev.flexgen.engine.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import dev.flexgen.engine.plan.ActiveShares;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The shares of active neurons beside a packed model, so that the next plan knows how much gating saves. A hint: a file that is not
 * there, damaged or foreign counts as none, and one that cannot be written is left out.
 */
final class ActivityFile {

    static final String NAME = "activity.json";

    /** Far more than any model has layers. */
    private static final long MOST_BYTES = 1 << 20;

    /** What the file holds. */
    private record Content(@Nullable List<Double> active_share_by_layer, long tokens) {}

    private ActivityFile() {}

    static Optional<ActiveShares> read(Path folder, int layers) {
        Path file = folder.resolve(NAME);
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
                return Optional.empty();
            }
            Content content = new Gson().fromJson(Files.readString(file), Content.class);
            if (content == null
                    || content.active_share_by_layer() == null
                    || content.active_share_by_layer().size() != layers
                    || content.active_share_by_layer().contains(null)) {
                return Optional.empty();
            }
            return Optional.of(new ActiveShares(content.active_share_by_layer(), content.tokens()));
        } catch (IOException | JsonParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static void write(Path folder, ActiveShares shares) {
        Path temporary = folder.resolve(NAME + ".new");
        try {
            Files.writeString(temporary, new Gson().toJson(new Content(shares.layers(), shares.tokens())));
            Files.move(temporary, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // A hint: a store that is read-only or full does without.
        }
    }
}
