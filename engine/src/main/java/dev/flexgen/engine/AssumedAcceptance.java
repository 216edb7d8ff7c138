package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntBinaryOperator;

/**
 * Makes drafts right as often as is assumed, to measure how fast a reply would be then: with random weights no draft means anything.
 * Drafting and verifying really run; only which token was drafted is a coin's word, by a reply that is known already. One thread.
 */
public final class AssumedAcceptance implements IntBinaryOperator {

    private final double right;
    private final int vocabulary;
    private final Random coin;
    private int[] known = new int[0];

    /**
     * A coin.
     *
     * @param right share of drafted tokens that are to be right
     * @param vocabulary of the model
     */
    public AssumedAcceptance(double right, int vocabulary, long seed) {
        if (!(right >= 0 && right <= 1) || vocabulary < 2) {
            throw new IllegalArgumentException(right + " of tokens out of " + vocabulary);
        }
        this.right = right;
        this.vocabulary = vocabulary;
        this.coin = new Random(seed);
    }

    /** What the model will reply, which it did before: the prompt's ids, then the reply's. */
    public void replay(int[] prompt, int[] reply) {
        known = Arrays.copyOf(prompt, prompt.length + reply.length);
        System.arraycopy(reply, 0, known, prompt.length, reply.length);
    }

    /** Drafts with a model, whose word does not count. */
    public Drafter by(Model draft, Model target, int limit) {
        return ModelDrafter.of(draft, target, limit, this);
    }

    /** Drafts as often and as many tokens as lookup would. */
    public Drafter byLookup() {
        LookupDrafter lookup = new LookupDrafter();
        return new Drafter() {
            @Override
            public int[] draft(int[] ids, int length, int most, CancelToken cancel) {
                int[] draft = lookup.draft(ids, length, most, cancel);
                for (int i = 0; i < draft.length; i++) {
                    draft[i] = applyAsInt(length + i, draft[i]);
                }
                return draft;
            }

            @Override
            public void close() {
                lookup.close();
            }
        };
    }

    /** The id that counts as drafted for a place; beyond what is known the draft's own. */
    @Override
    public int applyAsInt(int place, int drafted) {
        if (place >= known.length) {
            return drafted;
        }
        return coin.nextDouble() < right ? known[place] : (known[place] + 1) % vocabulary;
    }
}
