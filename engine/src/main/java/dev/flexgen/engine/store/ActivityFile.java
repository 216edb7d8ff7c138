package dev.flexgen.engine.store;

import dev.flexgen.engine.plan.ActiveShares;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The shares of active neurons beside a packed model, so that the next plan knows how much gating saves. */
final class ActivityFile {

    static final String NAME = "activity.json";

    private static final HintFile FILE = new HintFile(NAME, 1 << 20);

    /** What the file holds. */
    private record Content(@Nullable List<Double> active_share_by_layer, long tokens) {}

    private ActivityFile() {}

    static Optional<ActiveShares> read(Path folder, int layers) {
        return FILE.read(folder, Content.class).flatMap(content -> shares(content, layers));
    }

    private static Optional<ActiveShares> shares(Content content, int layers) {
        List<Double> shares = content.active_share_by_layer();
        if (shares == null || shares.size() != layers || shares.contains(null)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new ActiveShares(shares, content.tokens()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static void write(Path folder, ActiveShares shares) {
        FILE.write(folder, new Content(shares.layers(), shares.tokens()));
    }
}
