package dev.flexgen.chat.draft;

import dev.flexgen.config.SettingTable;
import dev.flexgen.engine.DraftCandidate;
import dev.flexgen.engine.DraftCounts;
import dev.flexgen.engine.Drafter;
import dev.flexgen.engine.LookupDrafter;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelDrafter;
import dev.flexgen.engine.Speculation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What drafts tokens for a model in use. One per model in use. */
public final class Drafts {

    private final String what;
    private final @Nullable Model model;
    private final @Nullable AcceptanceFile counted;
    private final List<Speculation> made = new ArrayList<>();

    /**
     * By lookup, a model or nothing.
     *
     * @param what drafts, as the setting says it
     * @param model that drafts; null if none is opened for it
     * @param counted where to keep how often drafts were right; null for nowhere
     */
    Drafts(String what, @Nullable Model model, @Nullable AcceptanceFile counted) {
        this.what = what;
        this.model = model;
        this.counted = counted;
    }

    /** Nothing drafts. */
    public static Drafts none() {
        return new Drafts(SettingTable.DRAFT_OFF, null, null);
    }

    /** What drafts for one session of up to so many tokens. The caller closes it before the model. */
    public Optional<Speculation> speculation(Model target, int limit) {
        if (model == null && !what.equals(DraftCandidate.LOOKUP)) {
            return Optional.empty();
        }
        Drafter drafter = model == null ? new LookupDrafter() : ModelDrafter.of(model, target, limit);
        Speculation speculation = new Speculation(drafter, target.draftPrices());
        made.add(speculation);
        return Optional.of(speculation);
    }

    /** Keeps how often drafts were right, for the next plan. At the end. */
    public void keepCounts() {
        if (counted != null) {
            counted.add(what, made.stream().map(Speculation::counts).reduce(DraftCounts.NONE, DraftCounts::plus));
        }
    }
}
