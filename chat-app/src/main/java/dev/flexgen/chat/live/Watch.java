package dev.flexgen.chat.live;

import dev.flexgen.engine.base.Activity;
import dev.flexgen.engine.plan.StepCost;
import java.util.Optional;

/** Lets a model be watched while it computes. Any thread, at any time. */
public interface Watch {

    /** Where there is nothing to see. */
    Watch NOBODY = new Watch() {
        @Override
        public Activity.Now now() {
            return Activity.Now.NOTHING;
        }

        @Override
        public Placement placement() {
            return Placement.UNKNOWN;
        }
    };

    /** What it does at this moment. */
    Activity.Now now();

    /** Where the model is kept and who computes it. */
    Placement placement();

    /** What a token of a reply costs behind so many others, by the plan; empty if that is not known. */
    default Optional<StepCost> price(int context) {
        return Optional.empty();
    }
}
