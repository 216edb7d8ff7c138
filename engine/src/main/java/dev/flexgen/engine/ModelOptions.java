package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.ModelSpec;

/**
 * How one model is opened.
 *
 * @param context most tokens of a session; 0 leaves it to the engine: as many as the model knows, at most {@link #MOST_AUTO},
 *     and fewer where room for so many would cost more than a tenth of the decoding speed
 * @param weights encoding of the matrices
 * @param kv encoding of the KV cache
 * @param sessions of full length for which plans leave room beside the weights; fewer where so many would drive weights to a
 *     slower memory
 * @param newTokens of each of several replies at a time, for which plans are made; of no account for one session
 * @param drafted tokens that steps of replies are expected to verify beside the one that was chosen, for which plans are made
 */
public record ModelOptions(int context, WeightType weights, KvType kv, int sessions, int newTokens, int drafted) {

    /** Longest context that is chosen without being asked for. */
    static final int MOST_AUTO = 8192;

    /** Weights as stored, all else as the engine chooses. */
    public static final ModelOptions DEFAULTS = new ModelOptions(0, WeightType.NATIVE, KvType.AUTO, 1, 0, 0);

    public ModelOptions {
        if (context < 0) {
            throw EngineException.input("context is " + context + "; it must be 0 (the model's) or more");
        }
        if (sessions < 1 || newTokens < (sessions == 1 ? 0 : 1)) {
            throw new IllegalArgumentException("a model for " + sessions + " sessions of " + newTokens + " new tokens");
        }
        if (drafted < 0 || drafted > DraftDepth.MOST) {
            throw new IllegalArgumentException("steps that verify " + drafted + " tokens");
        }
    }

    public ModelOptions withContext(int value) {
        return new ModelOptions(value, weights, kv, sessions, newTokens, drafted);
    }

    public ModelOptions withWeights(WeightType value) {
        return new ModelOptions(context, value, kv, sessions, newTokens, drafted);
    }

    public ModelOptions withKv(KvType value) {
        return new ModelOptions(context, weights, value, sessions, newTokens, drafted);
    }

    /** For several replies at a time. */
    public ModelOptions withSessions(int value, int newTokensOfEach) {
        return new ModelOptions(context, weights, kv, value, value == 1 ? 0 : newTokensOfEach, drafted);
    }

    public ModelOptions withDrafted(int value) {
        return new ModelOptions(context, weights, kv, sessions, newTokens, value);
    }

    /**
     * Most tokens of a session with this model, if there is room for them.
     *
     * @throws EngineException of kind INPUT if it knows fewer positions than asked for
     */
    int mostContext(ModelSpec spec) {
        if (context > spec.positions()) {
            throw EngineException.input("context is " + context + ", but this model knows " + spec.positions()
                    + " positions; choose at most that");
        }
        return context == 0 ? Math.min(MOST_AUTO, spec.positions()) : context;
    }
}
