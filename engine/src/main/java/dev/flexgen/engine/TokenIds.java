package dev.flexgen.engine;

import dev.flexgen.engine.base.EngineException;

/** Checks ids before they reach a device, where a wrong one would read past a table. */
final class TokenIds {

    private TokenIds() {}

    /**
     * Refuses ids that the model or the context cannot take.
     *
     * @throws EngineException of kind INPUT
     */
    static void check(int[] ids, int vocabulary, int context) {
        if (ids.length == 0) {
            throw EngineException.input("There are no tokens to compute: give at least one id or some text");
        }
        if (ids.length > context) {
            throw EngineException.input("The prompt has " + ids.length + " tokens, but the context holds " + context
                    + "; shorten it, allow more with --context, or choose a model with more positions");
        }
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabulary) {
                throw EngineException.input(
                        "Token id " + ids[i] + " at place " + (i + 1) + " is not in the model's vocabulary of "
                                + vocabulary + "; ids go from 0 to " + (vocabulary - 1));
            }
        }
    }
}
