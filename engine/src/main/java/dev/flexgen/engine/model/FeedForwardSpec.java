package dev.flexgen.engine.model;

import dev.flexgen.config.Activation;
import java.util.Optional;

/** The feed-forward half of a block. */
public sealed interface FeedForwardSpec {

    /** Neurons that a token passes through at most: those of one expert where there are several. */
    int width();

    /** Neurons that every token passes through, which plans cut. */
    default int neurons() {
        return width();
    }

    /** Networks of which each token passes through a few; 0 for none. */
    default int experts() {
        return 0;
    }

    /** {@code down(activation(up(h)))}. */
    record Plain(int width, Activation activation, Bias bias) implements FeedForwardSpec {}

    /** {@code down(activation(gate(h)) * up(h))}. */
    record Gated(int width, Activation activation) implements FeedForwardSpec {}

    /**
     * Each token passes through the few of many networks that a router chooses; their outputs are weighted and added.
     *
     * @param expert one of them
     * @param shared a network that every token passes through besides
     */
    record Experts(int count, int chosen, Gated expert, Router router, Optional<Gated> shared)
            implements FeedForwardSpec {

        /**
         * Checked.
         *
         * @throws dev.flexgen.engine.base.EngineException if the numbers do not fit together
         */
        static Experts of(
                ConfigJson config, int count, int chosen, Gated expert, Router router, Optional<Gated> shared) {
            if (chosen > count) {
                throw config.invalid("num_experts_per_tok", "is " + chosen + ", more than the " + count + " experts");
            }
            if (count % router.groups() != 0 || router.keptGroups() > router.groups()) {
                throw config.invalid(
                        "n_group",
                        "is " + router.groups() + ", of which topk_group keeps " + router.keptGroups() + ", for "
                                + count + " experts");
            }
            if (chosen > count / router.groups() * router.keptGroups()) {
                throw config.invalid("topk_group", "leaves fewer experts than num_experts_per_tok (" + chosen + ")");
            }
            return new Experts(count, chosen, expert, router, shared);
        }

        @Override
        public int width() {
            return expert.width();
        }

        @Override
        public int neurons() {
            return shared.map(Gated::width).orElse(0);
        }

        @Override
        public int experts() {
            return count;
        }
    }

    /**
     * How experts are chosen and weighted.
     *
     * @param corrected whether stored numbers are added to the scores to choose, but not to weight
     * @param groups of neighbouring experts, of which only the {@code keptGroups} best take part; 1 for no groups
     * @param normalised whether the weights of the chosen are made to sum to 1
     * @param scale of the weights
     */
    record Router(Scores scores, boolean corrected, int groups, int keptGroups, boolean normalised, double scale) {

        /** What makes scores of the router's outputs. */
        public enum Scores {
            SOFTMAX,
            SIGMOID
        }
    }
}
