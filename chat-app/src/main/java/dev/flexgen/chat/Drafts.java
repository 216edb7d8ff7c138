package dev.flexgen.chat;

import dev.flexgen.chat.packed.Packing;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.Drafter;
import dev.flexgen.engine.LookupDrafter;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelDrafter;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.hub.ResolvedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What drafts tokens for a model in use, as the setting {@code draft} says. A draft model is opened on the model's own machine, before the
 * model, whose plan then knows what is left. Where there is no room for both, there is no draft. One per model in use.
 */
final class Drafts {

    private static final String LOOKUP = "lookup";
    private static final String SELF = "self";

    static final Drafts NONE = new Drafts(SettingTable.DRAFT_OFF, null);

    private final String what;
    private final @Nullable Model model;

    private Drafts(String what, @Nullable Model model) {
        this.what = what;
        this.model = model;
    }

    /**
     * Opens a model, and before it what drafts for it.
     *
     * @param say hears a sentence if there is no room for a draft model
     * @throws CommandException if the draft model has another tokenizer
     * @throws EngineException if the model itself cannot be opened
     */
    static <T> T open(
            Wiring wiring,
            Settings settings,
            ResolvedModel target,
            Machine machine,
            ModelOptions options,
            Supplier<Model> opener,
            Consumer<String> say,
            BiFunction<Model, Drafts, T> result) {
        String what = settings.get(SettingTable.DRAFT);
        if (what.equals(SettingTable.DRAFT_OFF) || what.isEmpty() || what.equals(LOOKUP)) {
            return result.apply(opener.get(), new Drafts(what, null));
        }
        Packing packing = new Packing(wiring, settings);
        ResolvedModel resolved = what.equals(SELF) ? target : packing.resolve(what);
        requireSameTokenizer(resolved.folder(), target.folder());
        ModelOptions draftOptions = what.equals(SELF) ? options.withWeights(WeightType.Q4) : options;
        @Nullable Model draft = null;
        try {
            draft = packing.open(resolved, machine, draftOptions);
            Model model = opener.get();
            return result.apply(model, new Drafts(what, draft));
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.PLACEMENT) {
                throw e;
            }
            if (draft != null) {
                draft.close();
            }
            T without = result.apply(opener.get(), NONE);
            say.accept(
                    "there is no room for the draft model beside the model, so it goes on without: " + e.getMessage());
            return without;
        }
    }

    private static void requireSameTokenizer(Path draft, Path target) {
        try {
            for (String file : List.of("tokenizer.json", "vocab.json", "merges.txt")) {
                Path ours = draft.resolve(file);
                Path theirs = target.resolve(file);
                if (Files.exists(ours) && Files.exists(theirs) && Files.mismatch(ours, theirs) >= 0) {
                    throw CommandException.model("the draft model in " + draft + " has another " + file
                            + " than the model in " + target + "; a draft model needs the model's own tokenizer");
                }
            }
        } catch (IOException e) {
            throw CommandException.model("the tokenizers of the draft model in " + draft + " and of the model in "
                    + target + " cannot be read and compared; check their permissions");
        }
    }

    /** What drafts for one session of up to so many tokens. The caller closes it before the model. */
    Optional<Speculation> speculation(Model target, int limit) {
        if (model == null && !what.equals(LOOKUP)) {
            return Optional.empty();
        }
        Drafter drafter = model == null ? new LookupDrafter() : ModelDrafter.of(model, target, limit);
        return Optional.of(new Speculation(drafter));
    }
}
