package dev.flexgen.engine;

import dev.flexgen.engine.plan.DraftGain;
import java.util.Optional;

/** What a draft is expected to bring to a model. */
public sealed interface DraftForecast {

    DraftCandidate candidate();

    /**
     * Both can be open.
     *
     * @param draft how the model that drafts would be placed; empty where none is opened
     * @param model how the model would be placed beside it
     * @param planned tokens that its steps were planned to verify
     * @param gain for a reply, over the model alone with all of the machine
     * @param turn how many times as fast an expected turn is, prompt and reply together: a model that drafts reads the prompt too
     * @param worst the same if every draft is wrong
     */
    record Possible(
            DraftCandidate candidate,
            Optional<FitResult.Fits> draft,
            FitResult.Fits model,
            int planned,
            DraftGain gain,
            double turn,
            double worst)
            implements DraftForecast {}

    /**
     * They cannot, or nobody knows what it would bring.
     *
     * @param reason a clause
     */
    record Impossible(DraftCandidate candidate, String reason) implements DraftForecast {}
}
